import { localError, WAIaaSError } from '../error.ts';
import { checksumAddress, isEthereumAddress } from './ethereum-address.ts';
import { type EthereumProvider, type LocalAccount, signWithAccount, signWithProvider } from './ethereum-signer.ts';
import {
  isSolanaAddress,
  type MessageModifyingSigner,
  type MessagePartialSigner,
  type SolanaWallet,
  signByModifying,
  signInPart,
  signWithWallet,
} from './solana-signer.ts';

/** Any wallet that signs texts. The key stays with it. */
export interface OwnerSigner {
  readonly chain: 'solana' | 'ethereum';
  readonly address: string;
  /**
   * Signs the UTF-8 bytes of a text: with Ed25519 on Solana, as `personal_sign` (EIP-191) on Ethereum.
   * @returns base58 of 64 bytes on Solana, 0x and 65 bytes in hex on Ethereum
   */
  signMessage(message: string): Promise<string>;
}

/** What an owner's client takes as the owner's wallet. */
export type AnySigner =
  | OwnerSigner
  /** A `MessageSigner` of @solana/kit. */
  | MessagePartialSigner
  | MessageModifyingSigner
  /** A wallet of the Wallet Standard with the account to sign with. */
  | SolanaWallet
  /** A `LocalAccount` of viem. */
  | LocalAccount
  /** A provider as EIP-1193 has it, such as one that EIP-6963 announced, with the account to sign with. */
  | EthereumProvider;

/**
 * Recognises a wallet by what it can do.
 * @throws WAIaaSError INVALID_ARGUMENT for anything else, and for an address that is none
 */
export function toOwnerSigner(wallet: AnySigner): OwnerSigner {
  const signer = recognise(wallet);
  return { ...signer, signMessage: (message) => guarded(signer, message) };
}

const ethereum = (address: string, sign: (message: string) => Promise<string>): OwnerSigner => {
  if (!isEthereumAddress(address)) throw localError('INVALID_ARGUMENT', 'The signer has no address of Ethereum');
  return { chain: 'ethereum', address: checksumAddress(address), signMessage: sign };
};

const solana = (address: string, sign: (message: string) => Promise<string>): OwnerSigner => {
  if (!isSolanaAddress(address)) throw localError('INVALID_ARGUMENT', 'The signer has no address of Solana');
  return { chain: 'solana', address, signMessage: sign };
};

function recognise(wallet: AnySigner): OwnerSigner {
  if (typeof wallet !== 'object' || wallet === null) throw unknown();
  if ('provider' in wallet) return ethereum(wallet.address, (message) => signWithProvider(wallet, message));
  if ('wallet' in wallet) return solana(wallet.account.address, (message) => signWithWallet(wallet, message));
  if ('signMessages' in wallet) return solana(wallet.address, (message) => signInPart(wallet, message));
  if ('modifyAndSignMessages' in wallet) return solana(wallet.address, (message) => signByModifying(wallet, message));
  if ('chain' in wallet) {
    const make = wallet.chain === 'ethereum' ? ethereum : wallet.chain === 'solana' ? solana : null;
    if (make !== null) return make(wallet.address, async (message) => wallet.signMessage(message));
  }
  if ('type' in wallet && wallet.type === 'local')
    return ethereum(wallet.address, (message) => signWithAccount(wallet, message));
  throw unknown();
}

const unknown = (): WAIaaSError =>
  localError(
    'INVALID_ARGUMENT',
    'signer must be a MessageSigner of @solana/kit, a LocalAccount of viem, { wallet, account } of the Wallet Standard, { provider, address } as of EIP-1193, or { chain, address, signMessage }',
  );

const FORM = { solana: /^[1-9A-HJ-NP-Za-km-z]{64,88}$/, ethereum: /^0x[0-9a-fA-F]{130}$/ } as const;

async function guarded({ chain, signMessage }: OwnerSigner, message: string): Promise<string> {
  let signature: unknown;
  try {
    signature = await signMessage(message);
  } catch (error) {
    if (error instanceof WAIaaSError) throw error;
    // What a wallet throws is not quoted: it may hold anything. It is at hand as the cause.
    throw new WAIaaSError({ ...localError('SIGNER_ERROR', 'The wallet did not sign; nothing was sent'), cause: error });
  }
  if (typeof signature === 'string' && FORM[chain].test(signature)) return signature;
  throw localError(
    'SIGNER_ERROR',
    chain === 'solana'
      ? 'The wallet gave no Ed25519 signature in base58'
      : 'The wallet gave no signature of 65 bytes; wallets that are contracts cannot be owners',
  );
}
