import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const NOW = Date.UTC(2026, 10, 1);

test.each([
  [null, undefined],
  ['', undefined],
  ['soon', undefined],
  ['-5', undefined],
  ['0', 0],
  ['7', 7_000],
  ['86400', 30_000],
  [new Date(NOW + 5_000).toUTCString(), 5_000],
  [new Date(NOW - 5_000).toUTCString(), undefined],
])('%j is a wait of %j ms', (header, expected) => expect(retryAfterMs(header, NOW)).toBe(expected));
