import {
  type Address,
  address,
  generateKeyPairSigner,
  getAddressEncoder,
  getProgramDerivedAddress,
  lamports,
} from '@solana/kit';
import type { Localnet } from '@waiaas/localnet';

/** The two token programs. */
export const TOKEN_PROGRAMS = {
  SPL: address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'),
  'Token-2022': address('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'),
} as const;
const ASSOCIATED_TOKEN_PROGRAM = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');

const MINT_BYTES = 82;
const ACCOUNT_BYTES = 165;
const INITIALIZED = 1;
const FROZEN = 2;
/** More than the rent-exempt minimum of either. */
const LAMPORTS = 10_000_000n;

/** A token on the ledger. */
export interface LedgerToken {
  readonly mint: Address;
  /** Where a wallet holds it. */
  accountOf(owner: string): Promise<Address>;
  /** Freezes the account of the wallet that was given all of it, or thaws it; nothing may have left it. */
  freeze(isFrozen: boolean): void;
}

/** Puts a token of six decimals on the ledger, all of it in one wallet. */
export async function issueToken(
  ledger: Localnet,
  program: Address,
  holder: string,
  supply: bigint,
): Promise<LedgerToken> {
  const bytesOf = (key: string) => getAddressEncoder().encode(address(key));
  const { address: mint } = await generateKeyPairSigner();
  const accountOf = async (owner: string): Promise<Address> => {
    const seeds = [bytesOf(owner), bytesOf(program), bytesOf(mint)];
    const [account] = await getProgramDerivedAddress({ programAddress: ASSOCIATED_TOKEN_PROGRAM, seeds });
    return account;
  };
  const put = (at: Address, data: Uint8Array): void =>
    ledger.setAccount({
      address: at,
      data,
      executable: false,
      lamports: lamports(LAMPORTS),
      programAddress: program,
      space: BigInt(data.length),
    });

  const token = new Uint8Array(MINT_BYTES);
  new DataView(token.buffer).setBigUint64(36, supply, true);
  token.set([6, INITIALIZED], 44);
  put(mint, token);

  const account = new Uint8Array(ACCOUNT_BYTES);
  account.set(bytesOf(mint), 0);
  account.set(bytesOf(holder), 32);
  new DataView(account.buffer).setBigUint64(64, supply, true);
  const held = await accountOf(holder);
  const freeze = (isFrozen: boolean): void => {
    account[108] = isFrozen ? FROZEN : INITIALIZED;
    put(held, account);
  };
  freeze(false);
  return { mint, accountOf, freeze };
}

const WRAPPED_SOL = address('So11111111111111111111111111111111111111112');

/** Gives a wallet lamports in the form of a token. Answers all that its account holds, what keeps it alive included. */
export async function wrapSol(ledger: Localnet, holder: string, amount: bigint): Promise<bigint> {
  const bytesOf = (key: string) => getAddressEncoder().encode(address(key));
  const put = (at: Address, data: Uint8Array, held: bigint): void =>
    ledger.setAccount({
      address: at,
      data,
      executable: false,
      lamports: lamports(held),
      programAddress: TOKEN_PROGRAMS.SPL,
      space: BigInt(data.length),
    });
  const mint = new Uint8Array(MINT_BYTES);
  mint.set([9, INITIALIZED], 44);
  put(WRAPPED_SOL, mint, LAMPORTS);
  const account = new Uint8Array(ACCOUNT_BYTES);
  account.set(bytesOf(WRAPPED_SOL), 0);
  account.set(bytesOf(holder), 32);
  const view = new DataView(account.buffer);
  view.setBigUint64(64, amount, true);
  account[108] = INITIALIZED;
  // It is native, and this much of its lamports is no part of the amount.
  view.setUint32(109, 1, true);
  view.setBigUint64(113, LAMPORTS, true);
  put((await generateKeyPairSigner()).address, account, LAMPORTS + amount);
  return LAMPORTS + amount;
}
