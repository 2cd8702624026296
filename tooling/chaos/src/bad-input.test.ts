import { createServer } from 'node:net';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHarness, createPayer, type DaemonProcess, type Harness, type Payer, setLimits } from './harness.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';

let harness: Harness;
/** A data directory with an agent that can pay; each test works on a copy of it. */
let prepared: string;
let payer: Payer;
beforeAll(async () => {
  harness = await createHarness();
  prepared = await harness.createDataDir();
  const daemon = await harness.start(prepared);
  await setLimits(daemon, {});
  payer = await createPayer(harness, daemon);
  await daemon.stop();
}, 60_000);
afterAll(() => harness.close());

describe('over HTTP', () => {
  let daemon: DaemonProcess;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = harness.copyDataDir(prepared);
    daemon = await harness.start(dataDir);
  }, 60_000);

  const send = async (body: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(`${daemon.url}/v1/transactions/send`, {
      method: 'POST',
      headers: { authorization: `Bearer ${payer.token}`, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };

  test.each([
    ['-1'],
    ['0'],
    ['0x10'],
    ['1e3'],
    [' 5 '],
    [''],
    ['1.5'],
    ['007'],
    ['+5'],
    ['９'],
    ['1'.repeat(79)],
    [5],
    [null],
    [(2n ** 64n).toString()],
  ])('the amount %j is a 400', async (amount) => {
    expect(await send({ to: stranger(), amount })).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  test.each([
    ['an unknown key', { to: stranger(), amount: '5', limit: '1' }],
    ['a token transfer that names no token', { to: stranger(), amount: '5', type: 'TOKEN_TRANSFER' }],
    ['a token where native coin is asked for', { to: stranger(), amount: '5', tokenMint: stranger() }],
    ['a memo that is too long in bytes', { to: stranger(), amount: '5', memo: '가'.repeat(86) }],
    ['a list', []],
    ['no JSON', '{'],
    ['a key that poisons', '{"__proto__":{"amount":"5"},"to":"x","amount":"5"}'],
  ])('%s is a 400', async (_name, body) => {
    expect(await send(body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR', retryable: false } });
  });

  test('a token that is none is INVALID_TOKEN_MINT', async () => {
    for (const tokenMint of [stranger(), '11111111111111111111111111111111']) {
      const body = { to: stranger(), amount: '5', type: 'TOKEN_TRANSFER', tokenMint };
      expect(await send(body)).toMatchObject({ status: 400, body: { code: 'INVALID_TOKEN_MINT', retryable: false } });
    }
  });

  test('an address that is none, or of another case, is INVALID_ADDRESS', async () => {
    for (const to of [
      'x',
      `${stranger()}1111`,
      '0x0000000000000000000000000000000000000000',
      stranger().replace(/^./, '0'),
    ]) {
      expect(await send({ to, amount: '5' })).toMatchObject({ status: 400, body: { code: 'INVALID_ADDRESS' } });
    }
  });

  test('a token that is no address is INVALID_TOKEN_MINT', async () => {
    expect(await send({ to: stranger(), amount: '5', type: 'TOKEN_TRANSFER', tokenMint: 'x' })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_TOKEN_MINT' },
    });
  });

  test('a bad Idempotency-Key is a 400', async () => {
    for (const key of ['x'.repeat(129), 'tab\tinside']) {
      expect((await send({ to: stranger(), amount: '5' }, { 'idempotency-key': key })).status).toBe(400);
    }
  });

  test('and none of it left a row', async () => {
    await daemon.stop();
    expect((await readRemains(dataDir)).transactions).toEqual([]);
  });
});

describe('a chain that cannot be reached', () => {
  const health = async (daemon: DaemonProcess): Promise<unknown> => (await fetch(`${daemon.url}/health`)).json();

  test('at the start: the daemon is up and says so, payments are 503 and leave nothing; when it is back, they work', async () => {
    const dead = harness.ledger.faults.add({ type: 'httpError', status: 503 });
    const daemon = await harness.start(harness.copyDataDir(prepared), { CHAOS_ADAPTER_CHECK_MS: '500' });
    expect(await health(daemon)).toMatchObject({ status: 'degraded' });
    const client = daemon.client(payer.token);
    await expect(client.sendToken({ to: stranger(), amount: 5_000_000n })).rejects.toMatchObject({
      code: 'ADAPTER_NOT_AVAILABLE',
      statusCode: 503,
    });
    expect((await client.listTransactions()).transactions).toEqual([]);
    dead();
    await expect.poll(() => health(daemon), { timeout: 40_000, interval: 200 }).toMatchObject({ status: 'healthy' });
    expect(await client.sendToken({ to: stranger(), amount: 5_000_000n })).toMatchObject({ status: 'CONFIRMED' });
    await daemon.stop();
  }, 90_000);

  test('because it takes connections and never answers: the daemon is up all the same', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const daemon = await harness.start(harness.copyDataDir(prepared), {
      WAIAAS_RPC_SOLANA_LOCALNET: `http://127.0.0.1:${port}`,
    });
    expect(await health(daemon)).toMatchObject({ status: 'degraded' });
    expect(await daemon.stop()).toBe(0);
    silent.close();
  }, 90_000);

  test('in the middle of a payment: the row says what is known, and is settled by the truth when the chain is back', async () => {
    const daemon = await harness.start(harness.copyDataDir(prepared));
    const client = daemon.client(payer.token);
    const to = stranger();
    // The node takes the transaction, and from then on nothing answers.
    const lost = harness.ledger.faults.add({ type: 'dropReply', method: 'sendTransaction' });
    const silent = harness.ledger.faults.add({ type: 'httpError', status: 503, method: 'getSignatureStatuses' });
    const payment = client.sendToken({ to, amount: 5_000_000n });
    await expect
      .poll(async () => (await client.listTransactions({ status: 'SUBMITTED' })).transactions.length, {
        timeout: 20_000,
      })
      .toBe(1);
    lost();
    silent();
    expect(await payment).toMatchObject({ status: 'CONFIRMED' });
    expect(await balanceOf(harness.ledger, to)).toBe(5_000_000n);
    await daemon.stop();
  }, 90_000);
});

test('while the kill switch is engaged the daemon starts with its keys locked, and pays nothing', async () => {
  const startLocked = async (value: string): Promise<void> => {
    const dataDir = harness.copyDataDir(prepared);
    const db = new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'));
    db.prepare(`UPDATE system_state SET value = ? WHERE key = 'kill_switch_status'`).run(value);
    db.close();
    const daemon = await harness.start(dataDir);
    await expect(daemon.client(payer.token).sendToken({ to: stranger(), amount: 5n })).rejects.toMatchObject({
      code: 'SYSTEM_LOCKED',
    });
    expect((await fetch(`${daemon.url}/health`)).status).toBe(200);
    expect(await daemon.operate('GET', '/v1/admin/status')).toMatchObject({
      status: 200,
      body: { keystore: { unlocked: false, keysLoaded: 0 } },
    });
    await daemon.stop();
  };
  await Promise.all(['"ACTIVATED"', '"RECOVERING"', '"nonsense"'].map(startLocked));
}, 90_000);
