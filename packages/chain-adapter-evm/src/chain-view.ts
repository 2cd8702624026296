import { type CachedValue, createCachedValue } from './cached-value.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { type FeeMarket, readFeeMarket } from './fee-market.ts';
import type { EvmSettings } from './options.ts';
import { createTokenRegistry, type TokenRegistry } from './token-registry.ts';

/** A connected network: its endpoints and what is remembered of the chain. */
export interface ChainView {
  readonly pool: EndpointPool;
  /** Prices hold for about a block. */
  readonly fees: CachedValue<FeeMarket>;
  readonly tokens: TokenRegistry;
}

/** Longest time a price is held, ms. */
const FEES_TTL_MS = 2_000;

/** Creates the view of a fresh connection; asks nothing yet. */
export function createChainView(pool: EndpointPool, { clock, refuse, parameters }: EvmSettings): ChainView {
  return {
    pool,
    fees: createCachedValue({
      clock,
      ttlMs: Math.min(FEES_TTL_MS, parameters.pollMs),
      load: () => pool.run(readFeeMarket),
    }),
    tokens: createTokenRegistry(pool, refuse, () => clock.now()),
  };
}
