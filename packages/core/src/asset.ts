import type { Branded } from './ids.ts';
import { CHAINS, type Chain } from './network.ts';
import { addressKey, isWalletAddress } from './wallet-address.ts';

/**
 * Name of an asset: `<chain>:native` or `<chain>:<mint or contract>`. Limits, counters and reservations are kept apart
 * by it, so base units of one asset are never compared with limits of another (04 §9). An asset has one name: a contract
 * stands in it in lower case, however it was written, so that no spelling has head-room of its own.
 */
export type AssetId = Branded<string, 'AssetId'>;

const NATIVE = 'native';

const namesAssetOf = (chain: Chain, name: string): boolean =>
  name === NATIVE || (isWalletAddress(chain, name) && addressKey(chain, name) === name);

/** Whether a text is the name of an asset: a known chain, a colon, and `native` or an address in its one form. */
export const isAssetId = (value: string): value is AssetId =>
  CHAINS.some((chain) => value.startsWith(`${chain}:`) && namesAssetOf(chain, value.slice(chain.length + 1)));

/**
 * Checks and brands the name of an asset.
 * @throws TypeError when it is not one.
 */
export function assetId(value: string): AssetId {
  if (!isAssetId(value)) throw new TypeError('An asset id must look like "solana:native" or "solana:<mint>"');
  return value;
}

/** Name of a chain's native asset. */
export const nativeAssetId = (chain: Chain): AssetId => assetId(`${chain}:${NATIVE}`);

/**
 * Name of a token, by its mint or contract in any spelling.
 * @throws TypeError when the text is no address of the chain.
 * @example tokenAssetId('ethereum', '0xdAC17F…') === tokenAssetId('ethereum', '0xdac17f…') // true
 */
export function tokenAssetId(chain: Chain, address: string): AssetId {
  if (!isWalletAddress(chain, address)) throw new TypeError('A token is named by its mint or contract');
  return assetId(`${chain}:${addressKey(chain, address)}`);
}

/** The mint or contract an asset id names, or null for a native asset. */
export function tokenOfAsset(asset: AssetId): string | null {
  const name = asset.slice(asset.indexOf(':') + 1);
  return name === NATIVE ? null : name;
}
