import { createSignableMessage, generateKeyPairSigner, type MessageModifyingSigner } from '@solana/kit';
import type { SolanaSignMessageFeature } from '@solana/wallet-standard-features';
import type { Wallet, WalletAccount } from '@wallet-standard/base';
import type { EIP1193RequestFn, WalletRpcSchema } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import type { AnySigner } from '../src/index.ts';

/** A wallet of one of the kinds there are, with the address it signs for. */
export interface TestWallet {
  readonly chain: 'solana' | 'ethereum';
  readonly address: string;
  readonly signer: AnySigner;
}

/** A `MessagePartialSigner` as @solana/kit makes it. */
export async function kitWallet(): Promise<TestWallet> {
  const signer = await generateKeyPairSigner();
  return { chain: 'solana', address: signer.address, signer };
}

/** A `MessageModifyingSigner`, which may change the text it is handed. */
export async function modifyingWallet(change: (text: string) => string = (text) => text): Promise<TestWallet> {
  const inner = await generateKeyPairSigner();
  const signer: MessageModifyingSigner = {
    address: inner.address,
    async modifyAndSignMessages(messages) {
      const changed = messages.map(({ content }) => createSignableMessage(change(new TextDecoder().decode(content))));
      const signatures = await inner.signMessages(changed);
      return changed.map((message, index) => ({ ...message, signatures: signatures[index] ?? {} }));
    },
  };
  return { chain: 'solana', address: inner.address, signer };
}

/** A wallet as the Wallet Standard has it. */
export async function standardWallet(change: (text: string) => string = (text) => text): Promise<TestWallet> {
  const inner = await generateKeyPairSigner();
  const account: WalletAccount = {
    address: inner.address,
    publicKey: new Uint8Array(32),
    chains: ['solana:devnet'],
    features: ['solana:signMessage'],
  };
  const feature: SolanaSignMessageFeature = {
    'solana:signMessage': {
      version: '1.1.0',
      signMessage: (...inputs) =>
        Promise.all(
          inputs.map(async ({ message, account: asked }) => {
            if (asked !== account) throw new Error('No such account');
            const text = createSignableMessage(change(new TextDecoder().decode(message)));
            const [signatures = {}] = await inner.signMessages([text]);
            return { signedMessage: text.content, signature: signatures[inner.address] ?? new Uint8Array() };
          }),
        ),
    },
  };
  const wallet: Wallet = {
    version: '1.0.0',
    name: 'Test',
    icon: 'data:image/png;base64,',
    chains: ['solana:devnet'],
    features: feature,
    accounts: [account],
  };
  return { chain: 'solana', address: inner.address, signer: { wallet, account } };
}

/** A `LocalAccount` of viem. */
export function viemWallet(): TestWallet {
  const signer = privateKeyToAccount(generatePrivateKey());
  return { chain: 'ethereum', address: signer.address, signer };
}

/** A provider as EIP-1193 has it, which gives its address in lower case, as some do. */
export function providerWallet(): TestWallet {
  const account = privateKeyToAccount(generatePrivateKey());
  const request: EIP1193RequestFn<WalletRpcSchema> = async (args: unknown) => {
    const { method, params } = readRequest(args);
    const [raw, address] = params;
    if (method !== 'personal_sign' || address !== account.address.toLowerCase()) throw new Error('Not this one');
    return account.signMessage({ message: { raw: `0x${String(raw).slice(2)}` } }) as never;
  };
  return {
    chain: 'ethereum',
    address: account.address,
    signer: { provider: { request }, address: account.address.toLowerCase() },
  };
}

function readRequest(args: unknown): { method: unknown; params: readonly unknown[] } {
  if (typeof args !== 'object' || args === null || !('method' in args) || !('params' in args)) throw new Error('Bad');
  return { method: args.method, params: Array.isArray(args.params) ? args.params : [] };
}
