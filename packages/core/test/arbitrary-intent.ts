import * as fc from 'fast-check';
import {
  agentId,
  baseUnits,
  CHAINS,
  type Chain,
  FEE_PRIORITIES,
  type Intent,
  NETWORKS,
  nativeAssetId,
  sessionId,
  TOKEN_DECIMALS_MAX,
  type TokenInfo,
  tokenAssetId,
  transactionId,
} from '../src/index.ts';

const uuid = fc.uuid({ version: 7 });

const EVM_CONTRACT = fc.stringMatching(/^0x[0-9a-fA-F]{40}$/);
const CONTRACTS: Readonly<Record<Chain, fc.Arbitrary<string>>> = {
  solana: fc.constantFrom(
    'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
    'So11111111111111111111111111111111111111112',
    '11111111111111111111111111111111',
  ),
  ethereum: EVM_CONTRACT,
  polygon: EVM_CONTRACT,
  arbitrum: EVM_CONTRACT,
  base: EVM_CONTRACT,
};

const tokenOf = (chain: Chain): fc.Arbitrary<TokenInfo> =>
  fc.record({
    address: CONTRACTS[chain],
    decimals: fc.integer({ min: 0, max: TOKEN_DECIMALS_MAX }),
    symbol: fc.stringMatching(/^[$A-Za-z][A-Za-z0-9.$_-]{0,9}$/),
  });

/** What is paid: a native asset as both versions write it, or a token. */
const paid = fc.constantFrom(...CHAINS).chain((chain) => {
  const native = { chain, type: 'TRANSFER', asset: nativeAssetId(chain), token: null } as const;
  return fc.oneof(
    fc.constantFrom({ version: 1, ...native } as const, { version: 2, ...native } as const),
    tokenOf(chain).map(
      (token) =>
        ({ version: 2, chain, type: 'TOKEN_TRANSFER', asset: tokenAssetId(chain, token.address), token }) as const,
    ),
  );
});

/** Any intent, with any text JSON can carry in its free fields. */
export const arbitraryIntent: fc.Arbitrary<Intent> = fc
  .tuple(
    paid,
    fc.record({
      transactionId: uuid.map(transactionId),
      agentId: uuid.map(agentId),
      sessionId: uuid.map(sessionId),
      network: fc.constantFrom(...NETWORKS),
      from: fc.string({ unit: 'binary' }),
      to: fc.string({ unit: 'binary' }),
      amount: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(baseUnits),
      memo: fc.option(fc.string({ unit: 'binary' })),
      priority: fc.constantFrom(...FEE_PRIORITIES),
      createdAt: fc.maxSafeNat(),
    }),
  )
  .map(([what, rest]) => ({ ...what, ...rest }));
