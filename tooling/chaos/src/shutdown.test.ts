import { existsSync, statSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, createPayer, type DaemonProcess, type Harness, setLimits } from './harness.ts';
import { readRemains, stranger } from './ledger-truth.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

/** Opens a connection that stays open and idle. */
async function idleConnection(daemon: DaemonProcess): Promise<Agent> {
  const agent = new Agent({ keepAlive: true });
  await new Promise<void>((resolve, reject) => {
    get(`${daemon.url}/health`, { agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
  return agent;
}

test('idle connections and repeated signals do not keep a daemon from stopping cleanly', async () => {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir);
  await createPayer(harness, daemon);
  const agent = await idleConnection(daemon);
  for (let index = 0; index < 3; index++) daemon.child.kill('SIGTERM');
  expect(await daemon.stop()).toBe(0);
  agent.destroy();
  const wal = join(dataDir, 'data', 'waiaas.db-wal');
  expect(existsSync(wal) ? statSync(wal).size : 0).toBe(0);
  const { audit } = await readRemains(dataDir);
  expect(audit.map(({ event_type }) => event_type).slice(-3)).toEqual([
    'DAEMON_SHUTDOWN_INITIATED',
    'KEYSTORE_LOCKED',
    'DAEMON_STOPPED',
  ]);
}, 60_000);

test('a request that hangs is cut off in time, and the keys are wiped', async () => {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir, { WAIAAS_DAEMON_SHUTDOWN_TIMEOUT: '5' });
  const payer = await createPayer(harness, daemon);
  const off = harness.ledger.faults.add({ type: 'withholdReply', method: 'getBalance' });
  const hung = daemon
    .client(payer.token)
    .getBalance()
    .catch((error: unknown) => error);
  await expect.poll(() => harness.ledger.report().calls.getBalance ?? 0, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(await daemon.stop()).toBe(0);
  await hung;
  off();
  const { audit } = await readRemains(dataDir);
  expect(audit.map(({ event_type }) => event_type).slice(-2)).toEqual(['KEYSTORE_LOCKED', 'DAEMON_STOPPED']);
}, 60_000);

test('a payment that waits for a slow chain is answered early, and followed after the restart', async () => {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir);
  await setLimits(daemon, {});
  const payer = await createPayer(harness, daemon);
  const late = harness.ledger.faults.add({ type: 'landLate', slots: 60 });
  const payment = daemon.client(payer.token).sendToken({ to: stranger(), amount: 5_000_000n });
  await expect
    .poll(
      async () => (await daemon.client(payer.token).listTransactions({ status: 'SUBMITTED' })).transactions.length,
      { timeout: 20_000 },
    )
    .toBe(1);
  expect(await daemon.stop()).toBe(0);
  const answer = await payment;
  expect(answer.status).toBe('SUBMITTED');
  late();
  const again = await harness.start(dataDir);
  expect(await again.client(payer.token).waitForTransaction(answer.transactionId, { timeout: 60_000 })).toMatchObject({
    status: 'CONFIRMED',
  });
  await again.stop();
}, 60_000);
