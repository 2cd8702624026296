import { expect, test } from 'vitest';
import { newIdempotencyKey } from './idempotency-key.ts';
import { systemRuntime } from './runtime.ts';

test('the jitter stays in [0, 1)', () => {
  const drawn = Array.from({ length: 1000 }, systemRuntime.random);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  expect(new Set(drawn).size).toBeGreaterThan(990);
});

test('a pause that was ended before it began does not begin', async () => {
  await expect(systemRuntime.sleep(60_000, AbortSignal.abort(new Error('ended')))).rejects.toThrow('ended');
});

test('keys are UUIDs and do not repeat', () => {
  const keys = Array.from({ length: 1000 }, newIdempotencyKey);
  expect(new Set(keys).size).toBe(1000);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
