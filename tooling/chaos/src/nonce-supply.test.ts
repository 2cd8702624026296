import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createPayer, type Harness } from './harness.ts';
import { startOwnedDaemon } from './owned-daemon.ts';
import { createOwnerWallet } from './owner-wallet.ts';

/*
 * The limits of a daemon as it is installed. Above all nobody keeps the owner from getting a nonce, and from stopping
 * everything with it.
 */

const DEFAULT_LIMITS = {
  WAIAAS_SECURITY_RATE_LIMIT_GLOBAL_RPM: '100',
  WAIAAS_SECURITY_RATE_LIMIT_SESSION_RPM: '300',
  WAIAAS_SECURITY_RATE_LIMIT_TX_RPM: '10',
};

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

test('at the default limits, a stranger that asks for all it can get neither takes nonces from the owner nor holds up the kill switch', async () => {
  const owned = await startOwnedDaemon(harness, createOwnerWallet('solana'), DEFAULT_LIMITS);
  const { daemon } = owned;
  const payer = await createPayer(harness, daemon);
  expect((await owned.connect()).status).toBe(201);

  // The three levels of counts, each to the request: of a session's payments, of a session, of an address.
  await owned.advance(60);
  const refused = async (count: number, path: string, init: RequestInit = {}): Promise<number> => {
    const asked = Array.from({ length: count }, () => fetch(daemon.url + path, init));
    return (await Promise.all(asked)).filter(({ status }) => status === 429).length;
  };
  const headers = { authorization: `Bearer ${payer.token}`, 'content-type': 'application/json' };
  expect(await refused(12, '/v1/transactions/send', { method: 'POST', headers, body: '{}' })).toBe(2);
  expect(await refused(293, '/v1/wallet/address', { headers: { authorization: headers.authorization } })).toBe(3);
  expect(await refused(103, '/v1/agents')).toBe(3);

  // More than a store of a thousand would hold, and nothing is left of what is counted by address.
  const asked = Array.from({ length: 1500 }, async () => {
    const response = await fetch(`${daemon.url}/v1/nonce`);
    return z.object({ nonce: z.string() }).parse(await response.json()).nonce;
  });
  expect(new Set(await Promise.all(asked)).size).toBe(1500);
  const stop = { method: 'POST', path: '/v1/owner/kill-switch', body: { reason: 'a stranger is loud' } };
  expect(
    await refused(103, stop.path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }),
  ).toBe(103);
  expect(await owned.signed('kill_switch', stop)).toMatchObject({ status: 200, body: { activated: true } });
  await daemon.stop();
}, 120_000);

const LIST = { method: 'GET', path: '/v1/agents' };
const STOP = { method: 'POST', path: '/v1/owner/kill-switch', body: { reason: 'too many of my own requests' } };

test('an owner who is refused for the rate sends the very same request again, and can always stop everything', async () => {
  const owned = await startOwnedDaemon(harness, createOwnerWallet('ethereum'), {
    ...DEFAULT_LIMITS,
    WAIAAS_SECURITY_NONCE_CACHE_MAX: '100',
  });
  expect((await owned.connect()).status).toBe(201);
  await owned.advance(301);
  const listing = async (): Promise<string> =>
    owned.header('manage_sessions', await owned.compose('manage_sessions', LIST));
  const send = (authorization: string) => owned.ask(LIST, { authorization });
  for (let count = 0; count < 99; count += 1) expect((await send(await listing())).status).toBe(200);
  await owned.advance(61);
  // Ninety-nine nonces of a hundred are used; a minute later, one more is, and the store is full.
  expect((await send(await listing())).status).toBe(200);
  const kept = await listing();
  for (let count = 0; count < 5; count += 1)
    expect(await send(kept)).toMatchObject({ status: 429, code: 'RATE_LIMIT_EXCEEDED' });
  // By now the first of them have expired, and what was refused has not been used up.
  await owned.advance(241);
  expect((await send(kept)).status).toBe(200);
  expect(await send(kept)).toMatchObject({ status: 401, code: 'INVALID_NONCE' });

  await owned.advance(61);
  const statuses: number[] = [];
  for (let count = 0; count < 150; count += 1) statuses.push((await send(await listing())).status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  expect(await owned.signed('kill_switch', STOP)).toMatchObject({ status: 200, body: { activated: true } });
  await owned.daemon.stop();
}, 120_000);

test('of the requests of a minute the hundred-and-first waits, unused; the loop of an owner does not hold up their stop', async () => {
  const owned = await startOwnedDaemon(harness, createOwnerWallet('solana'), DEFAULT_LIMITS);
  expect((await owned.connect()).status).toBe(201);
  await owned.advance(61);
  const listing = async (): Promise<string> =>
    owned.header('manage_sessions', await owned.compose('manage_sessions', LIST));
  const send = (authorization: string) => owned.ask(LIST, { authorization });
  for (let count = 0; count < 100; count += 1) expect((await send(await listing())).status).toBe(200);
  const waits = await listing();
  expect(await send(waits)).toMatchObject({ status: 429, code: 'RATE_LIMIT_EXCEEDED' });
  await owned.advance(61);
  expect((await send(waits)).status).toBe(200);
  for (let round = 0; round < 30; round += 1)
    await Promise.all(Array.from({ length: 50 }, async () => send(await listing())));
  expect(await owned.signed('kill_switch', STOP)).toMatchObject({ status: 200, body: { activated: true } });
  await owned.daemon.stop();
}, 120_000);

test('a stranger with a wallet of their own and one header for ever is refused, and the owner is heard', async () => {
  const owned = await startOwnedDaemon(harness, createOwnerWallet('solana'), DEFAULT_LIMITS);
  expect((await owned.connect()).status).toBe(201);
  await owned.advance(61);
  const thief = createOwnerWallet('ethereum');
  const authorization = owned.header(
    'manage_sessions',
    await owned.compose('manage_sessions', LIST, {}, thief),
    {},
    thief,
  );
  const statuses: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    const sent = Array.from({ length: 50 }, () => owned.ask(LIST, { authorization }));
    statuses.push(...(await Promise.all(sent)).map(({ status }) => status));
    if (round % 10 === 9) expect((await owned.signed('manage_sessions', LIST)).status).toBe(200);
  }
  expect([
    statuses.filter((status) => status === 403).length,
    statuses.filter((status) => status === 429).length,
  ]).toEqual([100, 1900]);
  expect(await owned.signed('kill_switch', STOP)).toMatchObject({ status: 200, body: { activated: true } });
  await owned.daemon.stop();
}, 120_000);
