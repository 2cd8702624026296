import { markUntrusted } from '../untrusted.ts';
import type { Resource } from './resource.ts';

/** The balance. */
export const walletBalance: Resource = {
  name: 'wallet-balance',
  title: 'Balance of the wallet',
  uri: 'waiaas://wallet/balance',
  description: 'Balance of the wallet in the smallest unit, with its decimals and symbol, and for people.',
  read: async ({ session, signal }) => markUntrusted(await session.call((client) => client.getBalance({ signal }))),
};
