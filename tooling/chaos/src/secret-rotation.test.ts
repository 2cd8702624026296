import { WAIaaSClient } from '@waiaas/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createPayer, createSession, type DaemonProcess, type Harness } from './harness.ts';

/* A new secret for session tokens: no session is lost to it that is in use, and no token of the old one outlives it. */

let harness: Harness;
let daemon: DaemonProcess;
let agentId: string;
beforeAll(async () => {
  harness = await createHarness();
  daemon = await harness.start(await harness.createDataDir());
  agentId = (await createPayer(harness, daemon)).agentId;
}, 60_000);
afterAll(async () => {
  await daemon.stop();
  await harness.close();
});

/** How much the daemon's clock is ahead of this one, ms. */
let ahead = 0;
const now = (): number => Date.now() + ahead;
async function advance(seconds: number): Promise<void> {
  await daemon.advance(seconds);
  ahead += seconds * 1000;
}

const ask = async (token: string, method = 'GET', path = '/v1/wallet/address') => {
  const response = await fetch(daemon.url + path, { method, headers: { authorization: `Bearer ${token}` } });
  const body = z.record(z.string(), z.unknown()).parse(await response.json());
  return { status: response.status, body, renewBy: response.headers.get('x-session-renew-by') };
};
const rotate = async (): Promise<string> =>
  z.object({ previousValidUntil: z.string() }).parse((await daemon.operate('POST', '/v1/admin/rotate-secret')).body)
    .previousValidUntil;

test('a session younger than half of its life is told, renews at once, and goes on when the old secret ends', async () => {
  const session = await createSession(daemon, agentId);
  expect((await ask(session.token)).renewBy).toBeNull();
  const renewPath = `/v1/sessions/${session.sessionId}/renew`;
  expect((await ask(session.token, 'PUT', renewPath)).body.code).toBe('RENEWAL_TOO_EARLY');
  const end = await rotate();
  const told = await ask(session.token);
  expect([told.status, Date.parse(told.renewBy ?? '')]).toEqual([200, Date.parse(end)]);
  const renewed = await ask(session.token, 'PUT', renewPath);
  expect(renewed).toMatchObject({ status: 200, body: { renewalCount: 1, renewalsLeft: 29, maxRenewals: 30 } });
  const token = String(renewed.body.token);
  expect(await ask(session.token)).toMatchObject({ status: 401, body: { code: 'INVALID_TOKEN' } });
  expect(await ask(token)).toMatchObject({ status: 200, renewBy: null });
  // Once: the new token is of the new secret, and waits for half of its life as ever.
  expect((await ask(token, 'PUT', renewPath)).body.code).toBe('RENEWAL_TOO_EARLY');
  await advance(301);
  expect((await ask(token)).status).toBe(200);
}, 60_000);

test('a token that was not renewed ends five minutes after the rotation, to the millisecond', async () => {
  const session = await createSession(daemon, agentId);
  const end = Date.parse(await rotate());
  expect((await ask(session.token)).status).toBe(200);
  await advance((end - 1000 - now()) / 1000);
  for (;;) {
    const before = now();
    const { status, body } = await ask(session.token);
    if (now() < end) expect(status).toBe(200);
    if (before < end) continue;
    expect([status, body]).toMatchObject([401, { code: 'INVALID_TOKEN', details: { reason: 'signature' } }]);
    break;
  }
}, 60_000);

test('a client that renews by itself keeps its session through a rotation without being told otherwise', async () => {
  const session = await createSession(daemon, agentId);
  const kept: string[] = [];
  const client = new WAIaaSClient({
    baseUrl: daemon.url,
    sessionToken: session.token,
    autoRenew: {
      onRenewed: ({ token }) => void kept.push(token),
      onRefused: (error) => {
        throw error;
      },
    },
  });
  await client.getAddress();
  await rotate();
  await client.getAddress();
  await client.getAddress();
  expect(kept).toHaveLength(1);
  await advance(301);
  expect(await client.getAddress()).toMatchObject({ chain: 'solana' });
  expect((await ask(kept[0] ?? '')).status).toBe(200);
}, 60_000);
