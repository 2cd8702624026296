import { RpcRequestError } from 'viem';
import { describe, expect, it } from 'vitest';
import { faultOf } from './fault-of.ts';

const said = (message: string, code = -32_000, data?: string) =>
  faultOf(
    new RpcRequestError({
      ...{ url: 'http://localhost', body: { method: 'eth_call' } },
      error: { code, message, ...(data === undefined ? {} : { data }) },
    }),
    0,
  );

describe('what a contract says when it reverts', () => {
  it.each([
    'quota exceeded',
    'rate limit',
    'too many requests',
    'over capacity',
    'already exists',
    'already known',
    'known transaction',
    'insufficient funds for transfer',
    'nonce too low',
    'transaction underpriced',
    'invalid chain id',
    'missing trie node',
    'exceeds maximum per-transaction gas limit',
  ])('is never taken for a word of the node: %s', (words) => {
    for (const fault of [said(`execution reverted: ${words}`, 3), said(`execution reverted: ${words}`)]) {
      expect(fault).toMatchObject({ kind: 'answer', code: 'EVM_REVERT', outcome: 'refused' });
    }
  });

  it.each([
    [-32_015, 'VM execution error.', 'Reverted 0x'],
    [-32_015, 'VM execution error.', 'rate limit'],
    [-32_015, 'Transaction execution error.', undefined],
    [-32_000, 'precompile 0x5 failed', undefined],
    [-32_000, 'precompiled contract failed', undefined],
  ] as const)('also in the words of older nodes: %i %s %s', (code, words, data) => {
    expect(said(words, code, data)).toMatchObject({ kind: 'answer', code: 'EVM_REVERT', outcome: 'refused' });
  });

  it('is shown where a node writes it behind a word of its own', () => {
    const text = '08c379a0'.concat(
      '20'.padStart(64, '0'),
      '5'.padStart(64, '0'),
      Buffer.from('owner').toString('hex').padEnd(64, '0'),
    );
    expect(said('VM execution error.', -32_015, `Reverted 0x${text}`)).toMatchObject({ revertReason: 'owner' });
  });

  it.each([
    'stack limit reached 1024 (1023)',
    'return data out of bounds',
    'gas uint64 overflow',
    'invalid opcode: INVALID',
    'EVM error: InvalidFEOpcode',
  ])('and a call that breaks off is one that a contract refused: %s', (words) => {
    expect(said(words)).toMatchObject({ kind: 'answer', code: 'EVM_REVERT' });
  });
});

describe('what a node says', () => {
  it.each([
    ['over rate limit', -32_000],
    ['request limit reached', -32_005],
    ['execution reverted by the proxy', 429],
  ])('of its own limits is its own fault: %s', (words, code) => {
    expect(said(words, code)).toMatchObject({ kind: 'endpoint', outcome: 'open' });
  });

  it.each(['already known', 'known transaction: 0xabc', 'AlreadyKnown', 'transaction already imported'])(
    'of bytes it has: %s',
    (words) => {
      expect(said(words)).toMatchObject({ outcome: 'known' });
    },
  );

  it.each(['unknown transaction type', 'unknown transaction'])(
    'of what it does not know is not that it has it: %s',
    (words) => {
      expect(said(words).outcome).not.toBe('known');
    },
  );
});

describe('a transaction that a node does not take for good', () => {
  it.each([
    ['transaction gas limit too high (cap: 16777216, tx: 19000000)', -32_000],
    ['exceeds maximum per-transaction gas limit', -32_000],
    ['exceeds max transaction gas limit', -32_000],
    ['tx fee (1.20 ether) exceeds the configured cap (1.00 ether)', -32_000],
    ['transaction rejected', -32_003],
    ['recipient is blocked', -32_003],
  ])('is turned away by this node, and nobody says that it cannot land: %s', (words, code) => {
    expect(said(words, code)).toMatchObject({
      ...{ kind: 'incapable', code: 'RPC_ERROR', outcome: 'open', retryable: false },
      details: { reason: 'DECLINED' },
    });
  });
});
