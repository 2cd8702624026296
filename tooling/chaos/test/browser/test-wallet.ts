/// <reference lib="dom" />
import { generateKeyPairSync, sign } from 'node:crypto';
import { base58 } from '@scure/base';
import type { Page } from 'playwright-core';

/** A wallet of the Wallet Standard with a real key, which stays outside of the page. */
export interface TestWallet {
  readonly address: string;
  /** The texts it was asked to sign. */
  readonly texts: readonly string[];
  /** Whether it signs what it is asked to; a person may say no. */
  willing: boolean;
  /** Puts it into the pages of a browser, before anything of theirs runs. */
  install(page: Page): Promise<void>;
}

/** Runs in the page: announces a wallet whose signatures come from outside. */
function announce(account: { readonly address: string; readonly publicKey: readonly number[] }): void {
  const signing: unknown = Reflect.get(globalThis, 'signWithTestWallet');
  if (typeof signing !== 'function') return;
  const accounts = [
    {
      address: account.address,
      publicKey: Uint8Array.from(account.publicKey),
      chains: ['solana:localnet'],
      features: ['solana:signMessage'],
    },
  ];
  const wallet = {
    version: '1.0.0',
    name: 'Test Wallet',
    icon: 'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=',
    chains: ['solana:localnet'],
    accounts,
    features: {
      'standard:connect': { version: '1.0.0', connect: async () => ({ accounts }) },
      'solana:signMessage': {
        version: '1.0.0',
        async signMessage({ message }: { readonly message: Uint8Array }) {
          const signature: number[] = await signing([...message]);
          return [{ signedMessage: message, signature: Uint8Array.from(signature) }];
        },
      },
    },
  };
  const register = ({ register: add }: { readonly register: (one: unknown) => void }): void => add(wallet);
  addEventListener('wallet-standard:app-ready', (event) => register(Reflect.get(event, 'detail')));
  const announced = new Event('wallet-standard:register-wallet');
  Object.defineProperty(announced, 'detail', { value: register });
  dispatchEvent(announced);
}

/** Makes a wallet with a key of its own. */
export function createTestWallet(): TestWallet {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const address = base58.encode(Uint8Array.from(raw));
  const texts: string[] = [];
  const wallet: TestWallet = {
    address,
    texts,
    willing: true,
    async install(page) {
      await page.exposeFunction('signWithTestWallet', (bytes: number[]) => {
        const message = Buffer.from(bytes);
        texts.push(message.toString('utf8'));
        if (!wallet.willing) throw new Error('User rejected the request');
        return [...sign(null, message, privateKey)];
      });
      await page.addInitScript(announce, { address, publicKey: [...raw] });
    },
  };
  return wallet;
}
