import * as fc from 'fast-check';
import {
  agentId,
  assetId,
  baseUnits,
  CHAINS,
  FEE_PRIORITIES,
  type Intent,
  NETWORKS,
  sessionId,
  TRANSACTION_TYPES,
  transactionId,
} from '../src/index.ts';

const uuid = fc.uuid({ version: 7 });

/** Any intent, with any text JSON can carry in its free fields. */
export const arbitraryIntent: fc.Arbitrary<Intent> = fc.record({
  version: fc.constant(1),
  transactionId: uuid.map(transactionId),
  agentId: uuid.map(agentId),
  sessionId: uuid.map(sessionId),
  chain: fc.constantFrom(...CHAINS),
  network: fc.constantFrom(...NETWORKS),
  type: fc.constantFrom(...TRANSACTION_TYPES),
  asset: fc
    .tuple(fc.constantFrom(...CHAINS), fc.stringMatching(/^[A-Za-z0-9]{1,64}$/))
    .map((it) => assetId(it.join(':'))),
  from: fc.string({ unit: 'binary' }),
  to: fc.string({ unit: 'binary' }),
  amount: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(baseUnits),
  memo: fc.option(fc.string({ unit: 'binary' })),
  priority: fc.constantFrom(...FEE_PRIORITIES),
  createdAt: fc.maxSafeNat(),
});
