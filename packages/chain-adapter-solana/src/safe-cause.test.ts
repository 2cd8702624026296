import { SOLANA_ERROR__BLOCK_HEIGHT_EXCEEDED, SolanaError } from '@solana/kit';
import { expect, test } from 'vitest';
import { causeChain } from './cause-chain.ts';
import { safeCause } from './safe-cause.ts';

test('an error with bigints becomes one that JSON can hold', () => {
  const error = new SolanaError(SOLANA_ERROR__BLOCK_HEIGHT_EXCEEDED, {
    currentBlockHeight: 2n,
    lastValidBlockHeight: 1n,
  });
  expect(() => JSON.stringify({ ...error, context: error.context })).toThrow(TypeError);
  const safe = safeCause(error, (text) => text);
  expect(() => JSON.stringify({ ...safe, message: safe.message, stack: safe.stack })).not.toThrow();
  expect(safe.message).toContain('SolanaError');
});

test('a chain that bites its own tail is followed once', () => {
  const [first, second] = [new Error('first'), new Error('second')];
  first.cause = second;
  second.cause = first;
  expect(causeChain(first)).toEqual([first, second]);
  expect(safeCause(first, (text) => text).message).toBe('Error: first <- Error: second');
});
