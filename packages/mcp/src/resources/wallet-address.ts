import { markUntrusted } from '../untrusted.ts';
import type { Resource } from './resource.ts';

/** The address. */
export const walletAddress: Resource = {
  name: 'wallet-address',
  title: 'Address of the wallet',
  uri: 'waiaas://wallet/address',
  description: 'Address of the wallet, with its chain, network and encoding.',
  read: async ({ session, signal }) => markUntrusted(await session.call((client) => client.getAddress({ signal }))),
};
