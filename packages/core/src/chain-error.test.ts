import { expect, test } from 'vitest';
import { ChainError, isChainError } from './chain-error.ts';

test('an error whose outcome nobody stated may have landed: it is never booked as a failure', () => {
  expect(new ChainError({ code: 'NETWORK_ERROR', chain: 'solana', message: 'x' }).mayHaveLanded).toBe(true);
  expect(
    new ChainError({ code: 'SUBMIT_FAILED', chain: 'solana', message: 'x', mayHaveLanded: false }).mayHaveLanded,
  ).toBe(false);
});

test('only transient errors are retryable unless it is said otherwise', () => {
  const make = (code: 'RPC_ERROR' | 'SOLANA_BLOCKHASH_EXPIRED' | 'INVALID_ADDRESS') =>
    new ChainError({ code, chain: 'solana', message: 'x' });
  expect(make('RPC_ERROR')).toMatchObject({ retryable: true, recovery: 'TRANSIENT' });
  expect(make('SOLANA_BLOCKHASH_EXPIRED')).toMatchObject({ retryable: false, recovery: 'STALE' });
  expect(make('INVALID_ADDRESS')).toMatchObject({ retryable: false, recovery: 'PERMANENT' });
  expect(isChainError(make('RPC_ERROR'), 'RPC_ERROR')).toBe(true);
  expect(isChainError(make('RPC_ERROR'), 'NETWORK_ERROR')).toBe(false);
  expect(isChainError(new Error('x'))).toBe(false);
});
