import type { Resource } from './resource.ts';
import { systemStatus } from './system-status.ts';
import { walletAddress } from './wallet-address.ts';
import { walletBalance } from './wallet-balance.ts';

/** Everything a model can read beside its tools (06 §7.3). */
export const RESOURCES: readonly Resource[] = [walletBalance, walletAddress, systemStatus];
