import type { AnySigner } from '@waiaas/sdk';
import { getWallets } from '@wallet-standard/app';
import { useEffect, useState } from 'react';

/** A wallet of the browser that can sign texts. */
export interface FoundWallet {
  readonly id: string;
  readonly name: string;
  /** A data URI, as both standards demand; anything else is not shown. */
  readonly icon: string;
  readonly chain: 'solana' | 'ethereum';
  /** Asks the wallet for its accounts; it may ask whoever sits there. */
  connect(): Promise<readonly string[]>;
  /** What signs with one of the accounts. */
  signer(address: string): AnySigner;
}

interface ConnectFeature {
  connect(): Promise<{ readonly accounts: readonly { readonly address: string }[] }>;
}

const hasConnect = (feature: unknown): feature is ConnectFeature =>
  typeof feature === 'object' && feature !== null && 'connect' in feature && typeof feature.connect === 'function';

/** Wallets of the Wallet Standard that sign messages on Solana. */
function ofWalletStandard(): FoundWallet[] {
  return getWallets()
    .get()
    .flatMap((wallet, at): FoundWallet[] => {
      const feature: unknown = wallet.features['standard:connect'];
      if (!('solana:signMessage' in wallet.features) || !hasConnect(feature)) return [];
      let accounts: readonly { readonly address: string }[] = wallet.accounts;
      return [
        {
          // Two wallets may have the same name; what a wallet says of itself may be anything.
          id: `solana ${at} ${wallet.name}`,
          name: String(wallet.name),
          icon: String(wallet.icon),
          chain: 'solana',
          async connect() {
            ({ accounts } = await feature.connect());
            return accounts.map(({ address }) => address);
          },
          signer(address) {
            const account = accounts.find((one) => one.address === address);
            if (account === undefined) throw new Error('The wallet has no such account');
            return { wallet, account };
          },
        },
      ];
    });
}

interface Provider {
  request(args: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}

interface Announcement {
  readonly info: { readonly uuid: string; readonly name: string; readonly icon: string };
  readonly provider: Provider;
}

function isAnnouncement(detail: unknown): detail is Announcement {
  if (typeof detail !== 'object' || detail === null || !('info' in detail) || !('provider' in detail)) return false;
  const { info, provider } = detail;
  return (
    typeof info === 'object' &&
    info !== null &&
    'uuid' in info &&
    'name' in info &&
    'icon' in info &&
    typeof provider === 'object' &&
    provider !== null &&
    'request' in provider
  );
}

const ofProvider = ({ info, provider }: Announcement): FoundWallet => ({
  id: `ethereum ${info.uuid}`,
  name: String(info.name),
  icon: String(info.icon),
  chain: 'ethereum',
  async connect() {
    const accounts: unknown = await provider.request({ method: 'eth_requestAccounts' });
    return Array.isArray(accounts) ? accounts.filter((account) => typeof account === 'string') : [];
  },
  signer: (address) => ({ provider, address }),
});

/** Wallets of this browser, as they announce themselves. */
export function useWallets(): readonly FoundWallet[] {
  const [solana, setSolana] = useState(ofWalletStandard);
  const [ethereum, setEthereum] = useState<readonly FoundWallet[]>([]);
  useEffect(() => {
    const refresh = (): void => setSolana(ofWalletStandard());
    const wallets = getWallets();
    const stop = [wallets.on('register', refresh), wallets.on('unregister', refresh)];
    refresh();
    return () => {
      for (const end of stop) end();
    };
  }, []);
  useEffect(() => {
    const hear = (event: Event): void => {
      const detail: unknown = event instanceof CustomEvent ? event.detail : undefined;
      if (!isAnnouncement(detail)) return;
      const found = ofProvider(detail);
      setEthereum((known) => (known.some(({ id }) => id === found.id) ? known : [...known, found]));
    };
    addEventListener('eip6963:announceProvider', hear);
    dispatchEvent(new Event('eip6963:requestProvider'));
    return () => removeEventListener('eip6963:announceProvider', hear);
  }, []);
  return [...solana, ...ethereum];
}
