import { blockhash } from '@solana/kit';
import { expect, test } from 'vitest';
import { createTwinRegister } from './twins.ts';

const at = (height: bigint, name: string) => ({
  blockhash: blockhash(name.repeat(32)),
  lastValidBlockHeight: height,
  expiresAt: 0,
});

test('equal payments are counted for each blockhash, different ones apart', () => {
  const twins = createTwinRegister();
  expect(['a', 'a', 'b', 'a'].map((payment) => twins.next(at(1_000n, '1'), payment))).toEqual([0, 1, 0, 2]);
});

test('a blockhash that a lagging node hands out again is still known while it can land', () => {
  const twins = createTwinRegister();
  twins.next(at(1_000n, '1'), 'a');
  twins.next(
    { blockhash: blockhash('So11111111111111111111111111111111111111112'), lastValidBlockHeight: 1_150n, expiresAt: 0 },
    'a',
  );
  expect(twins.next(at(1_000n, '1'), 'a')).toBe(1);
});
