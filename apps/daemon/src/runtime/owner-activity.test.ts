import type { SignedBy } from '@waiaas/auth';
import type { Logger } from '@waiaas/core';
import { expect, test } from 'vitest';
import { createActivityNote } from './owner-activity.ts';

const warnings: unknown[] = [];
const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (...told) => void warnings.push(told),
  error: () => undefined,
};
const OWNER: SignedBy = {
  chain: 'solana',
  address: 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS',
  message: 'm',
  signature: 's',
};

test('the kill switch does not wait until it is written when the owner last signed; everything else does', async () => {
  const writing = Promise.withResolvers<void>();
  const noted = createActivityNote({ touch: () => writing.promise, logger });
  expect(await noted(OWNER, 'kill_switch')).toBe(OWNER);
  const approval = noted(OWNER, 'approve_tx');
  expect(await Promise.race([approval, Promise.resolve('waits')])).toBe('waits');
  writing.resolve();
  expect(await approval).toBe(OWNER);
});

test('what cannot be noted undoes nothing', async () => {
  const noted = createActivityNote({ touch: () => Promise.reject(new Error('disk full')), logger });
  for (const action of ['kill_switch', 'approve_tx'] as const) expect(await noted(OWNER, action)).toBe(OWNER);
  expect(warnings).toHaveLength(2);
});
