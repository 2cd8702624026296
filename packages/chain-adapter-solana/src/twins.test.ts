import { blockhash } from '@solana/kit';
import { expect, test } from 'vitest';
import { createTwinRegister } from './twins.ts';

const at = (height: bigint, name: string) => ({
  blockhash: blockhash(name.repeat(32)),
  lastValidBlockHeight: height,
  expiresAt: 0,
});

test('equal payments get limits of their own with each blockhash, different ones need not', () => {
  const twins = createTwinRegister();
  const claims = ['a', 'a', 'b', 'a'].map((payment) => twins.claim(at(1_000n, '1'), payment, 540));
  expect(claims).toEqual([540, 541, 540, 542]);
});

test('no limit is given twice, however the measured ones vary', () => {
  const twins = createTwinRegister();
  const claims = [900, 899, 901, 901, 1_200, 540, 899].map((limit) => twins.claim(at(1_000n, '1'), 'a', limit));
  expect(new Set(claims).size).toBe(claims.length);
  for (const [place, limit] of [900, 899, 901, 901, 1_200, 540, 899].entries()) {
    expect(claims[place]).toBeGreaterThanOrEqual(limit);
  }
});

test('a blockhash that a lagging node hands out again is still known while it can land', () => {
  const twins = createTwinRegister();
  twins.claim(at(1_000n, '1'), 'a', 540);
  twins.claim(
    { blockhash: blockhash('So11111111111111111111111111111111111111112'), lastValidBlockHeight: 1_150n, expiresAt: 0 },
    'a',
    540,
  );
  expect(twins.claim(at(1_000n, '1'), 'a', 540)).toBe(541);
});
