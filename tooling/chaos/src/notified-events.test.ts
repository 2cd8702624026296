import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NOTIFICATION_EVENTS, type NotificationEventName } from '@waiaas/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createPayer, type DaemonProcess, type Harness, setLimits } from './harness.ts';
import { startHookServer } from './hook-server.ts';
import { stranger } from './ledger-truth.ts';
import { recoverHere } from './local-recovery.ts';

/*
 * Every event the owner can be told of has somebody who tells it. What can be caused from outside in a minute is caused here,
 * on a real daemon, and arrives in Korean. What takes days, faults or an edited database is caused in the tests of whoever
 * tells it: whatever those of the pipeline have stored for the owner is worded at their end, in every language
 * (`packages/pipeline/test/told-events.ts`).
 */

const HERE = [
  'AGENT_CREATED',
  'AGENT_RESUMED',
  'AGENT_SUSPENDED',
  'AUTO_STOP_RULE_CHANGED',
  'AUTO_STOP_TRIGGERED',
  'CHANNEL_CHANGED',
  'CHANNEL_TEST',
  'DAEMON_CRASHED',
  'DAEMON_STARTED',
  'DAEMON_STOPPED',
  'KILL_SWITCH_ACTIVATED',
  'KILL_SWITCH_RECOVERED',
  'POLICY_CHANGED',
  'SESSION_CREATED',
  'SESSION_REVOKED',
  'SETTINGS_CHANGED',
  'TX_APPROVAL_REQUEST',
  'TX_CANCELLED',
  'TX_CONFIRMED',
  'TX_DELAY_EXECUTED',
  'TX_DELAY_QUEUED',
  'TX_NOTIFY',
] as const satisfies readonly NotificationEventName[];
const SECRET = 'canary-webhook-secret-canary-webhook-secret';
const ENV = {
  WAIAAS_NOTIFICATIONS_ALLOWED_NETWORKS: '["127.0.0.1"]',
  WAIAAS_NOTIFICATIONS_MIN_CHANNELS: '1',
  WAIAAS_SECURITY_AUTO_STOP_ENABLED: 'true',
};
const ids = z.object({ id: z.string().optional() });

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

/** Sources that store events, or send one at once: not tests, not what defines events, nor what words them. */
function tellers(): readonly string[] {
  const root = new URL('../../../', import.meta.url).pathname;
  const packages = readdirSync(join(root, 'packages')).filter((name) => name !== 'core');
  const folders = [...packages.map((name) => join('packages', name)), 'apps/daemon'];
  return folders
    .map((folder) => join(root, folder, 'src'))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('templates'))
        .map((name) => readFileSync(join(folder, name), 'utf8')),
    )
    .filter((source) => /\b(notify|notifyBy|report|sender\.send)\(/.test(source));
}

test('every event is told by somebody', () => {
  const sources = tellers();
  const untold = NOTIFICATION_EVENTS.filter((event) => !sources.some((source) => source.includes(`'${event}'`)));
  expect(untold).toEqual([]);
});

test('they arrive at a webhook, signed, in the language of the channel, in order and without a gap', async () => {
  const hook = await startHookServer(SECRET, 1300);
  const dataDir = await harness.createDataDir();
  let daemon: DaemonProcess = await harness.start(dataDir, ENV);
  const operate = async (method: string, path: string, body?: unknown) => {
    const answer = await daemon.operate(method, path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    return ids.catch({}).parse(answer.body);
  };
  const channel = { type: 'WEBHOOK', name: '내 서버', locale: 'ko', config: { url: `${hook.url}/in`, secret: SECRET } };
  const added = await daemon.operate('POST', '/v1/owner/notification-channels', channel);
  const { id: channelId } = z.object({ channel: z.object({ id: z.string() }) }).parse(added.body).channel;
  await operate('POST', `/v1/owner/notification-channels/${channelId}/test`);

  await setLimits(daemon, {});
  const payer = await createPayer(harness, daemon);
  const rule = { type: 'HOURLY_RATE', config: { maxTxPerHour: 2 }, agentId: payer.agentId, action: 'WARN' };
  await operate('POST', '/v1/owner/auto-stop-rules', rule);
  await operate('PUT', '/v1/owner/settings', { notifications: { minChannels: 1 } });
  const other = await operate('POST', '/v1/agents', { name: '다른 에이전트', chain: 'solana', network: 'localnet' });
  await operate('POST', `/v1/agents/${other.id}/suspend`);
  await operate('POST', `/v1/agents/${other.id}/resume`);
  const pay = (amount: bigint) => daemon.client(payer.token).sendToken({ to: stranger(), amount, memo: '`*_점심_*`' });
  expect(await pay(1_500_000_000n)).toMatchObject({ tier: 'NOTIFY', status: 'CONFIRMED' });
  const delayed = await pay(2_500_000_000n);
  const asked = await pay(5_000_000_000n);
  await operate('POST', `/v1/owner/reject/${asked.transactionId}`, { reason: '오늘은 안 됩니다' });
  await daemon.advance(901);
  await hook.next(
    ({ type, data }) => type === 'TX_DELAY_EXECUTED' && JSON.stringify(data).includes(delayed.transactionId),
  );
  await operate('DELETE', `/v1/sessions/${payer.sessionId}`);
  await hook.next(({ type }) => type === 'AUTO_STOP_TRIGGERED');

  expect(await daemon.stop()).toBe(0);
  await hook.next(({ type }) => type === 'DAEMON_STOPPED');
  daemon = await harness.start(dataDir, ENV, 901);
  expect(await daemon.crash()).toBe(1);
  daemon = await harness.start(dataDir, ENV, 901);
  await hook.next(({ type }) => type === 'DAEMON_CRASHED');
  await operate('POST', '/v1/admin/kill-switch', { reason: '훈련' });
  await hook.next(({ type }) => type === 'KILL_SWITCH_ACTIVATED');
  expect(await recoverHere(daemon, dataDir)).toMatchObject({ status: 200 });
  await hook.next(({ type }) => type === 'KILL_SWITCH_RECOVERED');
  expect(await daemon.stop()).toBe(0);

  expect([...new Set(hook.deliveries.map(({ type }) => type))].sort()).toEqual([...HERE]);
  for (const { type, title, text, isSigned } of hook.deliveries) {
    expect([type, isSigned]).toEqual([type, true]);
    expect(title, type).toMatch(/[가-힣]/);
    expect(text, type).toMatch(/[가-힣]/);
    expect(`${title} ${text}`, type).not.toMatch(/undefined|null|NaN|\[object/);
  }
  // A test is in no order. Everything else has its place, and a receiver sees that nothing is missing.
  const places = new Set(hook.deliveries.filter(({ type }) => type !== 'CHANNEL_TEST').map(({ sequence }) => sequence));
  const [first, last] = [Math.min(...places), Math.max(...places)];
  expect([...places].sort((a, b) => a - b)).toEqual(Array.from({ length: last - first + 1 }, (_, n) => first + n));
  await hook.close();
}, 240_000);
