import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createPayer, type DaemonProcess, type Harness, type Payer, setLimits } from './harness.ts';
import { type HookServer, startHookServer } from './hook-server.ts';
import { stranger } from './ledger-truth.ts';

/* The owner is told, by the real daemon over real HTTP; and nothing that is told, or cannot be, holds up a payment. */

const CHANNELS = '/v1/owner/notification-channels';
const ENV = {
  WAIAAS_NOTIFICATIONS_ALLOWED_NETWORKS: '["127.0.0.1"]',
  WAIAAS_NOTIFICATIONS_MIN_CHANNELS: '1',
};
const SECRET = 'canary-webhook-secret-canary-webhook-secret';
/** Below 1 SOL all is INSTANT, below 2 NOTIFY, below 3 DELAY. */
const [INSTANT, NOTIFY, DELAY] = [500_000_000n, 1_500_000_000n, 2_500_000_000n];

let harness: Harness;
let dataDir: string;
let daemon: DaemonProcess;
let hook: HookServer;
let payer: Payer;

beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());
beforeEach(async () => {
  hook = await startHookServer(SECRET);
  dataDir = await harness.createDataDir();
  daemon = await harness.start(dataDir, ENV);
  await setLimits(daemon, {});
  payer = await createPayer(harness, daemon);
}, 60_000);
afterEach(async () => {
  await daemon.stop();
  await hook.close();
});

const addHook = async (url = `${hook.url}/in`): Promise<string> => {
  const body = { type: 'WEBHOOK', name: 'hook', config: { url, secret: SECRET } };
  const answer = await daemon.operate('POST', CHANNELS, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return z.object({ channel: z.object({ id: z.string() }) }).parse(answer.body).channel.id;
};
const pay = (amount: bigint) => daemon.client(payer.token).sendToken({ to: stranger(), amount });
const isAbout = (type: string, txId?: string) => (delivery: HookServer['deliveries'][number]) =>
  delivery.type === type && (txId === undefined || JSON.stringify(delivery.data).includes(txId));

test('how many channels reach the owner is asked at every payment, without a restart', async () => {
  const first = await pay(NOTIFY);
  expect(first).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
  const id = await addHook();
  const second = await pay(NOTIFY);
  expect(second).toMatchObject({ status: 'CONFIRMED', tier: 'NOTIFY' });
  const told = [
    await hook.next(isAbout('TX_NOTIFY', second.transactionId)),
    await hook.next(isAbout('TX_CONFIRMED', second.transactionId)),
  ];
  const third = await pay(DELAY);
  expect(third).toMatchObject({ status: 'QUEUED', tier: 'DELAY' });
  told.push(await hook.next(isAbout('TX_DELAY_QUEUED', third.transactionId)));
  expect(told.map(({ isSigned }) => isSigned)).toEqual([true, true, true]);
  const refused = await daemon.operate('DELETE', `${CHANNELS}/${id}`);
  expect(refused).toMatchObject({ status: 400, body: { code: 'MIN_CHANNELS_REQUIRED' } });
});

test('a channel that never answers holds up no payment', async () => {
  await addHook();
  hook.silent = true;
  const paid = await pay(NOTIFY);
  // Confirmed while the message about it still hangs.
  expect(paid).toMatchObject({ status: 'CONFIRMED', tier: 'NOTIFY' });
  await hook.next(isAbout('TX_NOTIFY', paid.transactionId));
  for (let n = 0; n < 5; n++) expect(await pay(INSTANT)).toMatchObject({ status: 'CONFIRMED' });
  hook.silent = false;
});

test('killed between the payment and the message, the daemon tells it after its restart', async () => {
  await addHook();
  hook.silent = true;
  const queued = await pay(5_000_000_000n);
  expect(queued).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
  const before = await hook.next(isAbout('TX_APPROVAL_REQUEST', queued.transactionId));
  daemon.child.kill('SIGKILL');
  await daemon.ended;
  hook.silent = false;
  const seen = hook.deliveries.length;
  daemon = await harness.start(dataDir, ENV);
  const after = await hook.next((one) => hook.deliveries.indexOf(one) >= seen && one.type === 'TX_APPROVAL_REQUEST');
  expect(after).toMatchObject({ id: before.id, sequence: before.sequence, data: before.data, isSigned: true });
  expect(after.text).toContain('5 SOL');
}, 60_000);

test('a stop is told, in time, and so is a start; a channel that never answers holds neither up', async () => {
  await addHook();
  expect(await daemon.stop()).toBe(0);
  await hook.next(isAbout('DAEMON_STOPPED'));
  daemon = await harness.start(dataDir, ENV);
  await hook.next(isAbout('DAEMON_STARTED'));
  hook.silent = true;
  expect(await daemon.stop()).toBe(0);
  daemon = await harness.start(dataDir, ENV);
}, 60_000);

test('a webhook that hangs as it is sent again what it has not taken does not hold up a stop', async () => {
  const id = await addHook();
  await addHook(`${hook.url}/other`);
  hook.silent = true;
  const paid = await pay(NOTIFY);
  await hook.next(isAbout('TX_NOTIFY', paid.transactionId));
  // Switched off before it has taken it: kept for it.
  expect(await daemon.operate('PUT', `${CHANNELS}/${id}`, { enabled: false })).toMatchObject({ status: 200 });
  const letters = await daemon.operate('GET', `${CHANNELS}/${id}/dead-letters`);
  expect(JSON.stringify(letters.body)).toContain('TX_NOTIFY');
  const seen = hook.deliveries.length;
  const again = daemon.operate('POST', `${CHANNELS}/${id}/redeliver`, {});
  await hook.next((one) => hook.deliveries.indexOf(one) >= seen);
  expect(await daemon.stop()).toBe(0);
  expect(await again).toMatchObject({ status: 503, body: { code: 'SHUTTING_DOWN' } });
}, 60_000);

test('a webhook leads nowhere inside of a network, nor to this machine, unless its operator says so', async () => {
  for (const url of [
    'https://169.254.169.254/',
    'http://10.0.0.1/',
    'http://[::1]:1/',
    'https://localhost:1/',
    'http://127.0.0.2:1/',
  ]) {
    const answer = await daemon.operate('POST', CHANNELS, { type: 'WEBHOOK', name: 'x', config: { url } });
    expect(answer, url).toMatchObject({ status: 400, body: { code: 'INVALID_CHANNEL_CONFIG' } });
  }
  await daemon.stop();
  daemon = await harness.start(dataDir, { WAIAAS_NOTIFICATIONS_MIN_CHANNELS: '0' });
  const body = { type: 'WEBHOOK', name: 'x', config: { url: `${hook.url}/in` } };
  expect(await daemon.operate('POST', CHANNELS, body)).toMatchObject({ status: 400 });
  expect(hook.deliveries).toEqual([]);
}, 60_000);

test('settings count at once, whichever way they are changed, and the owner is told of each before silence counts', async () => {
  await addHook();
  const set = async (body: unknown) =>
    expect((await daemon.operate('PUT', '/v1/owner/settings', body)).status).toBe(200);
  const tierOf = async (amount: bigint) => (await pay(amount)).tier;
  expect(await tierOf(NOTIFY)).toBe('NOTIFY');
  await set({ notifications: { minChannels: 2 } });
  expect(await tierOf(NOTIFY)).toBe('APPROVAL');
  await set({ notifications: { minChannels: 1 } });
  expect(await tierOf(NOTIFY)).toBe('NOTIFY');

  // What was asked before they were switched off is asked all the same.
  const asked = await pay(5_000_000_000n);
  await set({ notifications: { enabled: false } });
  await hook.next(
    ({ type, data }) => type === 'SETTINGS_CHANGED' && JSON.stringify(data).includes('notifications.enabled'),
  );
  await hook.next(isAbout('TX_APPROVAL_REQUEST', asked.transactionId));
  // What is stored within the second in which they are switched off is told, too.
  await daemon.advance(2);
  const unheard = await pay(NOTIFY);
  expect(unheard).toMatchObject({ status: 'QUEUED', tier: 'APPROVAL' });
  const { body } = await daemon.operate('GET', '/v1/owner/settings');
  expect(body).toMatchObject({
    notifications: {
      enabled: false,
      channels: [{ type: 'WEBHOOK', configPreview: expect.stringContaining(hook.url) }],
    },
  });
  expect(JSON.stringify(body)).not.toContain(SECRET);

  // What else is set while nothing is told is told all the same.
  await set({ autoStop: { enabled: false } });
  await hook.next(({ type, data }) => type === 'SETTINGS_CHANGED' && JSON.stringify(data).includes('autoStop.enabled'));
  await set({ notifications: { enabled: true } });
  expect(await tierOf(NOTIFY)).toBe('NOTIFY');
  expect(hook.deliveries.filter(isAbout('TX_APPROVAL_REQUEST', unheard.transactionId))).toEqual([]);
  expect(daemon.output()).not.toContain(SECRET);
});
