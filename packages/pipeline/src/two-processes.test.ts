import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sumBaseUnits } from '@waiaas/core';
import { checkSpendLedger } from '@waiaas/storage';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createWorld } from '../test/world.ts';

const PROCESS = fileURLToPath(new URL('../test/paying-process.ts', import.meta.url));
const admittedSchema = z.object({ admitted: z.int() });

/* A daemon's lock keeps a second one from its directory. Where it does not, caps hold all the same: whoever did not seal what is there by now admits nothing. */

test('two processes on one file never admit more than the cap together', async () => {
  const world = await createWorld({ rules: { daily_max: '100' } });
  const payer = await world.createPayer();
  const payers = [payer];
  for (let index = 0; index < 4; index += 1) {
    payers.push({ ...payer, sessionId: await world.createSession(payer.agentId) });
  }
  await world.stop();
  const children: ChildProcess[] = [];
  try {
    for (let index = 0; index < 2; index += 1) {
      const child = fork(PROCESS, [world.folder, JSON.stringify(payers), '10', '50']);
      children.push(child);
      await once(child, 'message');
    }
    const answers = children.map((child) => once(child, 'message'));
    for (const child of children) child.send('pay');
    const admitted = (await Promise.all(answers)).map(([message]) => admittedSchema.parse(message).admitted);
    const { storage, stop } = await createWorld({ folder: world.folder });
    const rows = await storage.read.selectFrom('transactions').selectAll().execute();
    const counted = rows.filter(({ status }) => status !== 'CANCELLED');
    expect(sumBaseUnits(counted.map(({ amount }) => BigInt(amount)))).toBeLessThanOrEqual(100n);
    // Whose row the other one has sealed since may get an error for an answer.
    expect(admitted.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(counted.length);
    expect(counted.length).toBeGreaterThan(0);
    expect(rows.filter(({ status, reserved_amount }) => status === 'CANCELLED' && reserved_amount !== null)).toEqual(
      [],
    );
    expect(await checkSpendLedger(storage.read)).toEqual([]);
    await stop();
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await world.remove();
  }
}, 60_000);
