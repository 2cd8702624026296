import { WAIaaSError } from '@waiaas/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createPayer, createSession, type Harness, setLimits } from './harness.ts';
import { readRemains, stranger } from './ledger-truth.ts';

/* Auto-stop of the real daemon: the rules it begins with, over HTTP, across a crash. */

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness(100);
}, 300_000);
afterAll(() => harness.close());

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof WAIaaSError) return error.code;
    throw error;
  }
  return 'done';
};

const statusSchema = z.object({ agents: z.array(z.object({ id: z.string(), status: z.string() })) });

test('an agent that fails three times by itself is suspended, killed daemon or not, until somebody resumes it', async () => {
  const dataDir = await harness.createDataDir();
  const awake = { WAIAAS_SECURITY_AUTO_STOP_ENABLED: 'true' };
  // Looks at nothing, as if it had been killed before it could.
  let daemon = await harness.start(dataDir, { ...awake, CHAOS_IDLE_WORKERS: 'autoStop' });
  const high = '1000000000000000';
  await setLimits(daemon, { instant_max: high, notify_max: high, delay_max: high });
  const bad = await createPayer(harness, daemon);
  const good = await createPayer(harness, daemon);
  const statusOf = async (id: string) =>
    statusSchema.parse((await daemon.operate('GET', '/v1/agents')).body).agents.find((agent) => agent.id === id)
      ?.status;
  for (let i = 0; i < 3; i++) {
    expect(await codeOf(daemon.client(bad.token).sendToken({ to: stranger(), amount: 900_000_000_000_000n }))).toBe(
      'INSUFFICIENT_BALANCE',
    );
  }
  daemon.child.kill('SIGKILL');
  await daemon.ended;

  daemon = await harness.start(dataDir, awake);
  await expect.poll(() => statusOf(bad.agentId), { timeout: 20_000, interval: 100 }).toBe('SUSPENDED');
  expect(await codeOf(daemon.client(bad.token).getBalance())).toBe('SESSION_REVOKED');
  expect(await codeOf(daemon.client(good.token).sendToken({ to: stranger(), amount: 5_000_000n }))).toBe('done');

  expect((await daemon.operate('POST', `/v1/agents/${bad.agentId}/resume`)).status).toBe(200);
  const { token } = await createSession(daemon, bad.agentId);
  expect(await codeOf(daemon.client(token).sendToken({ to: stranger(), amount: 5_000_000n }))).toBe('done');
  expect([await statusOf(bad.agentId), await statusOf(good.agentId)]).toEqual(['ACTIVE', 'ACTIVE']);

  const rules = z
    .object({ authentic: z.boolean(), rules: z.array(z.object({ id: z.string(), type: z.string() })) })
    .parse((await daemon.operate('GET', '/v1/owner/auto-stop-rules')).body);
  expect(rules.authentic).toBe(true);
  expect(rules.rules.map(({ type }) => type)).toEqual(['CONSECUTIVE_FAILURES', 'DAILY_LIMIT_THRESHOLD', 'HOURLY_RATE']);
  const path = `/v1/owner/auto-stop-rules/${rules.rules[0]?.id}`;
  expect((await daemon.operate('PUT', path, { config: { maxTxPerHour: 1 } })).status).toBe(400);
  expect((await daemon.operate('PUT', path, { config: { threshold: 1 } })).body).toMatchObject({ version: 2 });
  expect((await daemon.operate('DELETE', path)).body).toMatchObject({ deleted: true });
  expect((await daemon.operate('DELETE', path)).status).toBe(404);

  // Switched off, nobody looks; switched on again, what happened meanwhile is held against nobody by itself.
  const rule = { type: 'CONSECUTIVE_FAILURES', config: { threshold: 2 }, agentId: bad.agentId, action: 'WARN' };
  expect((await daemon.operate('POST', '/v1/owner/auto-stop-rules', rule)).status).toBe(201);
  const switched = async (enabled: boolean) =>
    expect((await daemon.operate('PUT', '/v1/owner/settings', { autoStop: { enabled } })).status).toBe(200);
  const warnings = async () =>
    z
      .object({ entries: z.array(z.unknown()) })
      .parse((await daemon.operate('GET', '/v1/owner/audit-log?event=AUTO_STOP_WARN')).body).entries.length;
  const lastLook = async () =>
    z
      .object({ workers: z.record(z.string(), z.object({ lastRun: z.string().nullable() })) })
      .parse((await daemon.operate('GET', '/v1/admin/status')).body).workers.autoStop?.lastRun;
  await switched(false);
  const before = await warnings();
  const fail = async () =>
    expect(await codeOf(daemon.client(token).sendToken({ to: stranger(), amount: 900_000_000_000_000n }))).toBe(
      'INSUFFICIENT_BALANCE',
    );
  const anotherLook = async () => {
    const then = await lastLook();
    await expect.poll(lastLook, { timeout: 20_000, interval: 200 }).not.toBe(then);
  };
  await fail();
  await fail();
  // The first may have begun before they failed.
  await anotherLook();
  await anotherLook();
  expect(await warnings()).toBe(before);
  await switched(true);
  await anotherLook();
  expect(await warnings()).toBe(before);
  await fail();
  await expect.poll(warnings, { timeout: 20_000, interval: 200 }).toBe(before + 1);
  await daemon.stop();
  const { audit } = await readRemains(dataDir);
  expect(audit.filter(({ event_type }) => event_type === 'AUTO_STOP_SUSPEND')).toHaveLength(1);
}, 300_000);
