import { join } from 'node:path';
import { WAIaaSClient } from '@waiaas/sdk';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, createPayer, createSession, type Harness, setLimits } from './harness.ts';
import { readRemains, stranger } from './ledger-truth.ts';
import { ask, type OwnedDaemon, startOwnedDaemon } from './owned-daemon.ts';
import { createOwnerWallet } from './owner-wallet.ts';

/* From the token that is shown once to its end: by time, by renewal, by revocation, by somebody who edits the file. */

let harness: Harness;
let world: OwnedDaemon;
let agentId: string;
beforeAll(async () => {
  harness = await createHarness();
  world = await startOwnedDaemon(harness, createOwnerWallet('solana'));
  await setLimits(world.daemon, {});
  agentId = (await createPayer(harness, world.daemon)).agentId;
}, 60_000);
afterAll(async () => {
  await world.daemon.stop();
  await harness.close();
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const address = (token: string, daemon = world.daemon) =>
  ask(daemon, { method: 'GET', path: '/v1/wallet/address' }, bearer(token));
const renew = ({ sessionId, token }: { sessionId: string; token: string }) =>
  ask(world.daemon, { method: 'PUT', path: `/v1/sessions/${sessionId}/renew` }, bearer(token));
async function open(constraints: object = {}) {
  await world.advance(60);
  return createSession(world.daemon, agentId, constraints);
}

test('a token ends with its time, and says so', async () => {
  const session = await open({ expiresIn: 300 });
  expect((await address(session.token)).status).toBe(200);
  await world.advance(301);
  expect(await address(session.token)).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' });
});

test('a revoked session ends at the very next request', async () => {
  const session = await open();
  expect((await address(session.token)).status).toBe(200);
  await world.daemon.operate('DELETE', `/v1/sessions/${session.sessionId}`);
  expect(await address(session.token)).toMatchObject({ status: 401, code: 'SESSION_REVOKED' });
  expect((await world.daemon.operate('DELETE', `/v1/sessions/${session.sessionId}`)).status).toBe(409);
});

test('an agent neither revokes a session of another nor renews it, nor its own by the operator’s way', async () => {
  const [one, other] = [await open(), await open()];
  for (const path of [`/v1/sessions/${other.sessionId}`, `/v1/owner/sessions/${other.sessionId}`]) {
    expect((await ask(world.daemon, { method: 'DELETE', path }, bearer(one.token))).status).toBe(401);
  }
  expect(await renew({ sessionId: other.sessionId, token: one.token })).toMatchObject({
    status: 403,
    code: 'SESSION_RENEWAL_MISMATCH',
  });
  expect((await address(other.token)).status).toBe(200);
});

test('a renewal gives a new token, ends the old one at once and keeps what was used', async () => {
  const session = await open({ expiresIn: 600, maxTransactions: 2, maxRenewals: 1 });
  const client = world.daemon.client(session.token);
  await client.sendToken({ to: stranger(), amount: 2_000_000n });
  await world.advance(301);
  const renewed = await renew(session);
  expect(renewed).toMatchObject({
    status: 200,
    body: { sessionId: session.sessionId, renewalCount: 1, renewalsLeft: 0, maxRenewals: 1 },
  });
  expect(await address(session.token)).toMatchObject({ status: 401, code: 'INVALID_TOKEN' });
  const token = String(renewed.body.token);
  expect((await address(token)).status).toBe(200);
  const later = world.daemon.client(token);
  expect((await later.getBudget()).session.transactions).toMatchObject({ used: 1, remaining: 1 });
  await later.sendToken({ to: stranger(), amount: 2_000_000n });
  await expect(later.sendToken({ to: stranger(), amount: 2_000_000n })).rejects.toMatchObject({
    code: 'SESSION_LIMIT_EXCEEDED',
  });
  await world.advance(301);
  expect(await renew({ ...session, token })).toMatchObject({ status: 403, code: 'RENEWAL_LIMIT_REACHED' });
});

test('twenty renewals at once: one new token, and only one', async () => {
  const session = await open({ expiresIn: 600 });
  await world.advance(301);
  const answers = await Promise.all(Array.from({ length: 20 }, () => renew(session)));
  const [won, ...lost] = answers.sort((one, other) => one.status - other.status);
  expect(won?.status).toBe(200);
  // The others came before the renewal and lost the race, or after it and show a token that has ended.
  for (const { status, code } of lost) {
    expect([
      [409, 'RENEWAL_CONFLICT'],
      [401, 'INVALID_TOKEN'],
    ]).toContainEqual([status, code]);
  }
  expect((await address(String(won?.body.token))).status).toBe(200);
  expect((await address(session.token)).status).toBe(401);
});

test('a client that renews by itself outlives its first token', async () => {
  const session = await open({ expiresIn: 600 });
  const tokens: string[] = [];
  const client = new WAIaaSClient(
    {
      baseUrl: world.daemon.url,
      sessionToken: session.token,
      autoRenew: {
        onRenewed: ({ token }) => void tokens.push(token),
        onRefused: (error) => {
          throw error;
        },
      },
    },
    { now: world.now },
  );
  for (let round = 0; round < 3; round += 1) {
    await world.advance(450);
    expect(await client.getAddress()).toMatchObject({ chain: 'solana' });
  }
  expect(tokens).toHaveLength(3);
  expect(await address(session.token)).toMatchObject({ status: 401 });
});

test('whoever edits the file gives no session its life or its head-room back', async () => {
  const dataDir = await harness.createDataDir();
  const first = await harness.start(dataDir);
  await setLimits(first, {});
  const payer = await createPayer(harness, first, { maxTotalAmount: '5000000' });
  const bystander = await createPayer(harness, first);
  const short = await createPayer(harness, first, { expiresIn: 300 });
  await first.stop();
  const path = join(dataDir, 'data', 'waiaas.db');
  const rowOf = (db: BetterSqlite3.Database, id: string) =>
    db.prepare<[string], object>('SELECT * FROM sessions WHERE id = ?').get(id) ?? {};
  const reading = new BetterSqlite3(path);
  const fresh = rowOf(reading, payer.sessionId);
  reading.close();

  const second = await harness.start(dataDir);
  await second.client(payer.token).sendToken({ to: stranger(), amount: 4_000_000n });
  await second.operate('DELETE', `/v1/sessions/${payer.sessionId}`);
  await second.stop();
  // The row as it once was, with the seal that the daemon gave it: not revoked, nothing used.
  const editing = new BetterSqlite3(path);
  editing.exec('DROP TRIGGER sessions_stay_revoked');
  const columns = Object.keys(fresh);
  editing
    .prepare(`INSERT OR REPLACE INTO sessions (${columns}) VALUES (${columns.map((name) => `@${name}`)})`)
    .run(fresh);
  editing.prepare('UPDATE sessions SET expires_at = 1 WHERE id = ?').run(short.sessionId);
  editing.close();

  const third = await harness.start(dataDir);
  expect(await address(payer.token, third)).toMatchObject({ status: 401, code: 'INVALID_TOKEN' });
  expect((await address(bystander.token, third)).status).toBe(200);
  // An end that has come in the database ends a session whose token would still be good.
  expect(await address(short.token, third)).toMatchObject({ status: 401, code: 'SESSION_EXPIRED' });
  // The operator learns of it, ends what is left of that agent's sessions, and opens a new one.
  expect(await third.operate('POST', '/v1/sessions', { agentId: payer.agentId })).toMatchObject({
    status: 403,
    body: { code: 'POLICY_DENIED', details: { reason: 'SESSION_NOT_AUTHENTIC' } },
  });
  expect((await third.operate('DELETE', `/v1/sessions/${payer.sessionId}`)).status).toBe(200);
  const next = await createSession(third, payer.agentId);
  expect((await address(next.token, third)).status).toBe(200);
  await third.stop();
  const { audit } = await readRemains(dataDir);
  expect(audit.map(({ event_type }) => event_type)).toContain('SEAL_BROKEN');
}, 90_000);
