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
