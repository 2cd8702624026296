import type { Branded } from './ids.ts';
import { CHAINS, type Chain } from './network.ts';

/**
 * Name of an asset: `<chain>:native` or `<chain>:<mint or contract>`. Limits, counters and reservations are kept apart
 * by it, so base units of one asset are never compared with limits of another (04 §9).
 */
export type AssetId = Branded<string, 'AssetId'>;

/** Whether a text names an asset: a known chain, a colon, and `native` or an address-like word. */
export const isAssetId = (value: string): value is AssetId =>
  CHAINS.some((chain) => value.startsWith(`${chain}:`) && /^[A-Za-z0-9]{1,64}$/.test(value.slice(chain.length + 1)));

/**
 * Checks and brands the name of an asset.
 * @throws TypeError when it is not one.
 */
export function assetId(value: string): AssetId {
  if (!isAssetId(value)) throw new TypeError('An asset id must look like "solana:native" or "solana:<mint>"');
  return value;
}

/** Name of a chain's native asset. */
export const nativeAssetId = (chain: Chain): AssetId => assetId(`${chain}:native`);
