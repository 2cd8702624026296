import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, createPayer, createSession, type DaemonProcess, type Harness, setLimits } from './harness.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';

const IS_FULL = process.env.WAIAAS_CHAOS === 'full';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

const code = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

test('64 requests at once over four sessions against a cap pay the cap to the lamport', async () => {
  const dataDir = await harness.createDataDir();
  const daemon: DaemonProcess = await harness.start(dataDir);
  const each = 3_000_001n;
  await setLimits(daemon, { daily_max: (17n * each).toString() });
  const payer = await createPayer(harness, daemon);
  const tokens = [payer.token];
  for (let index = 0; index < 3; index++) tokens.push((await createSession(daemon, payer.agentId)).token);
  const to = stranger();
  const ends = await Promise.all(
    Array.from({ length: 64 }, (_, index) =>
      daemon
        .client(tokens[index % 4] ?? payer.token)
        .sendToken({ to, amount: each })
        .then(({ status }) => status, code),
    ),
  );
  expect(ends.filter((end) => end === 'CONFIRMED')).toHaveLength(17);
  expect(ends.filter((end) => end === 'SPENDING_LIMIT_EXCEEDED')).toHaveLength(47);
  expect(await balanceOf(harness.ledger, to)).toBe(17n * each);
  await daemon.stop();
  expect((await readRemains(dataDir)).ledgerFaults).toBe(0);
}, 60_000);

test('ten repetitions at once under one key pay once and get one answer', async () => {
  const daemon = await harness.start(await harness.createDataDir());
  await setLimits(daemon, {});
  const payer = await createPayer(harness, daemon);
  const to = stranger();
  const client = daemon.client(payer.token);
  const ends = await Promise.all(
    Array.from({ length: 10 }, () => client.sendToken({ to, amount: 5_000_000n }, { idempotencyKey: 'one' })),
  );
  expect(new Set(ends.map(({ txHash }) => txHash)).size).toBe(1);
  expect(await balanceOf(harness.ledger, to)).toBe(5_000_000n);
  await daemon.stop();
}, 60_000);

test('twenty equal payments at once are twenty payments', async () => {
  const daemon = await harness.start(await harness.createDataDir());
  await setLimits(daemon, {});
  const payer = await createPayer(harness, daemon);
  const to = stranger();
  const client = daemon.client(payer.token);
  const ends = await Promise.all(Array.from({ length: 20 }, () => client.sendToken({ to, amount: 2_000_000n })));
  expect(new Set(ends.map(({ txHash }) => txHash)).size).toBe(20);
  expect(await balanceOf(harness.ledger, to)).toBe(40_000_000n);
  await daemon.stop();
}, 60_000);

test('SIGTERM with twenty payments under way: exit 0, and after the restart every row is true', async () => {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir);
  await setLimits(daemon, {});
  const payer = await createPayer(harness, daemon);
  const to = stranger();
  const client = daemon.client(payer.token);
  const ends = Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      client.sendToken({ to, amount: 2_000_000n }, { idempotencyKey: `k${index}` }),
    ),
  );
  // Once the first of them has reached the ledger, the others are anywhere in between.
  await expect.poll(() => harness.ledger.report().accepted.length, { timeout: 20_000, interval: 2 }).toBeGreaterThan(0);
  expect(await daemon.stop()).toBe(0);
  await ends;
  expect(daemon.output()).not.toMatch(/unhandled|UNHANDLED/);
  const again = await harness.start(dataDir);
  const reader = again.client(payer.token);
  const { transactions } = await reader.listTransactions({ limit: 100 });
  let paid = 0n;
  for (const { transactionId } of transactions) {
    const end = await reader.waitForTransaction(transactionId, { timeout: 60_000 });
    if (end.status === 'CONFIRMED') paid += BigInt(end.amount);
  }
  expect(await balanceOf(harness.ledger, to)).toBe(paid);
  await again.stop();
  expect((await readRemains(dataDir)).ledgerFaults).toBe(0);
}, 90_000);

test('a chain that takes its time: who asked goes away, who stays is answered, and the payment is made once', async () => {
  // As slow as it may be in the full run: ninety seconds, one client gone after five, the other answered after thirty.
  const slow = IS_FULL ? await createHarness(700) : harness;
  try {
    const dataDir = await slow.createDataDir();
    const daemon = await slow.start(dataDir);
    await setLimits(daemon, {});
    const payer = await createPayer(slow, daemon);
    const client = daemon.client(payer.token);
    const to = stranger();
    const late = slow.ledger.faults.add({ type: 'landLate', slots: IS_FULL ? 129 : 100 });
    const leaving = new AbortController();
    const gone = fetch(`${daemon.url}/v1/transactions/send`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${payer.token}`,
        'content-type': 'application/json',
        'idempotency-key': 'slow',
      },
      body: JSON.stringify({ to, amount: '5000000' }),
      signal: IS_FULL ? AbortSignal.timeout(5000) : leaving.signal,
    }).then(({ status }) => String(status), String);
    const sent = async () => (await client.listTransactions({ status: 'SUBMITTED' })).transactions;
    await expect.poll(async () => (await sent()).length, { timeout: 30_000 }).toBe(1);
    const staying = client.sendToken({ to, amount: 5_000_000n }, { idempotencyKey: 'slow' });
    leaving.abort();
    expect(await gone).toMatch(/abort|timeout/i);
    const reserved = async () => (await readRemains(dataDir)).transactions.map((row) => row.reserved_amount);
    expect(await reserved()).toEqual(['5000000']);
    const answer = await staying;
    expect(answer.status).toBe(IS_FULL ? 'SUBMITTED' : 'CONFIRMED');
    if (IS_FULL) expect(await reserved()).toEqual(['5000000']);
    const end = await client.waitForTransaction(answer.transactionId, { timeout: 180_000 });
    expect(end).toMatchObject({ status: 'CONFIRMED' });
    late();
    expect(await balanceOf(slow.ledger, to)).toBe(5_000_000n);
    expect(await daemon.stop()).toBe(0);
    expect(daemon.output()).not.toMatch(/unhandled/i);
    const { transactions, audit, ledgerFaults } = await readRemains(dataDir);
    expect(transactions).toHaveLength(1);
    const events = audit.map(({ event_type }) => event_type);
    expect(events.filter((event) => event === 'TX_CONFIRMED')).toHaveLength(1);
    expect(events).not.toContain('DAEMON_UNHANDLED_REJECTION');
    expect(ledgerFaults).toBe(0);
  } finally {
    if (slow !== harness) await slow.close();
  }
}, 300_000);
