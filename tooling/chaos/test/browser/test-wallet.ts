/// <reference lib="dom" />
import { base58 } from '@scure/base';
import type { Page } from 'playwright-core';
import { createOwnerWallet } from '../../src/owner-wallet.ts';

/** A wallet of a browser with a real key, which stays outside of the page. */
export interface TestWallet {
  readonly address: string;
  /** The texts it was asked to sign. */
  readonly texts: readonly string[];
  /** Whether it signs what it is asked to; a person may say no. */
  willing: boolean;
  /** Signs outside of any page, without being asked there. */
  sign(text: string): string;
  /** Puts it into the pages of a browser, before anything of theirs runs. */
  install(page: Page): Promise<void>;
}

const ICON = 'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=';

/** Runs in the page: announces a wallet of the Wallet Standard whose signatures come from outside. */
function announceSolana(account: {
  readonly address: string;
  readonly publicKey: readonly number[];
  icon: string;
}): void {
  const signing: unknown = Reflect.get(globalThis, 'signWithSolanaWallet');
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
    icon: account.icon,
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

/** Runs in the page: announces a wallet by EIP-6963 whose signatures come from outside. */
function announceEthereum({ address, icon }: { readonly address: string; readonly icon: string }): void {
  const signing: unknown = Reflect.get(globalThis, 'signWithEthereumWallet');
  if (typeof signing !== 'function') return;
  const provider = {
    async request({ method, params }: { readonly method: string; readonly params?: readonly unknown[] }) {
      if (method === 'eth_requestAccounts' || method === 'eth_accounts') return [address];
      if (method !== 'personal_sign') throw new Error(`This wallet does no ${method}`);
      const [message, account] = params ?? [];
      if (String(account).toLowerCase() !== address.toLowerCase()) throw new Error('This wallet has no such account');
      return signing(String(message));
    },
  };
  const info = { uuid: '350670db-19fa-4704-a166-e52e178b59d2', name: 'Test Ether Wallet', icon, rdns: 'test.wallet' };
  const announce = (): void => {
    dispatchEvent(
      new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info: Object.freeze(info), provider }) }),
    );
  };
  addEventListener('eip6963:requestProvider', announce);
  announce();
}

/** Makes a wallet with a key of its own: of the Wallet Standard for Solana, of EIP-6963 for Ethereum. */
export function createTestWallet(chain: 'solana' | 'ethereum'): TestWallet {
  const owner = createOwnerWallet(chain);
  const texts: string[] = [];
  const signed = (text: string): string => {
    texts.push(text);
    if (!wallet.willing) throw new Error('User rejected the request');
    return owner.sign(text);
  };
  const wallet: TestWallet = {
    address: owner.address,
    texts,
    willing: true,
    sign: owner.sign,
    async install(page) {
      const { address } = owner;
      if (chain === 'solana') {
        await page.exposeFunction('signWithSolanaWallet', (bytes: number[]) => [
          ...base58.decode(signed(Buffer.from(bytes).toString('utf8'))),
        ]);
        await page.addInitScript(announceSolana, { address, publicKey: [...base58.decode(address)], icon: ICON });
      } else {
        await page.exposeFunction('signWithEthereumWallet', (hex: string) =>
          signed(Buffer.from(hex.replace(/^0x/, ''), 'hex').toString('utf8')),
        );
        await page.addInitScript(announceEthereum, { address, icon: ICON });
      }
    },
  };
  return wallet;
}
