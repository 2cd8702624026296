import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createHarness, createPayer, createSession, type DaemonProcess, type Harness } from './harness.ts';

/*
 * The limits of a daemon as it is installed. Above all nobody keeps the owner from getting a nonce: there would be no
 * approval, no kill switch and no recovery without one.
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

const ROUTES: readonly (readonly [string, string, object | undefined])[] = [
  ['GET', '/v1/nonce', undefined],
  [
    'POST',
    '/v1/owner/messages',
    {
      chain: 'solana',
      address: '9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin',
      action: 'view_dashboard',
      method: 'GET',
      path: '/v1/owner/status',
    },
  ],
];

/** Asks for nonces on both routes as fast as it can, with whatever it has, and answers how many it got. */
async function grab(daemon: DaemonProcess, tokens: readonly string[]): Promise<number> {
  const asked = tokens.flatMap((token) =>
    Array.from({ length: 125 }, () => ROUTES)
      .flat()
      .map(([method, path, body]) =>
        fetch(daemon.url + path, {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      ),
  );
  return (await Promise.all(asked)).filter(({ status }) => status === 200).length;
}

test('at the default limits, two sessions that ask for all they can get take neither the store nor the operator’s share', async () => {
  const daemon = await harness.start(await harness.createDataDir(), DEFAULT_LIMITS);
  const payer = await createPayer(harness, daemon);
  const tokens = [payer.token, (await createSession(daemon, payer.agentId)).token];
  const login = z.object({ token: z.string() }).parse((await daemon.operate('POST', '/v1/admin/login')).body);
  const nonce = (headers = {}) => fetch(`${daemon.url}/v1/nonce`, { headers });
  let taken = 0;
  for (let minute = 0; minute < 6; minute += 1) {
    taken += await grab(daemon, tokens);
    expect((await nonce({ authorization: `Bearer ${login.token}` })).status).toBe(200);
    await daemon.advance(60);
    // Nor is there ever so much alive that a new one would not fit.
    expect((await nonce()).status).toBe(200);
  }
  expect(taken).toBeLessThanOrEqual(6 * 160);
  expect(taken).toBeGreaterThan(6 * 90);

  // The three levels of counts, each to the request: of a session's payments, of a session, of an address.
  await daemon.advance(60);
  const refused = async (count: number, path: string, init: RequestInit = {}): Promise<number> => {
    const asked = Array.from({ length: count }, () => fetch(daemon.url + path, init));
    return (await Promise.all(asked)).filter(({ status }) => status === 429).length;
  };
  const headers = { authorization: `Bearer ${payer.token}`, 'content-type': 'application/json' };
  expect(await refused(12, '/v1/transactions/send', { method: 'POST', headers, body: '{}' })).toBe(2);
  expect(await refused(293, '/v1/wallet/address', { headers: { authorization: headers.authorization } })).toBe(3);
  expect(await refused(103, '/v1/agents')).toBe(3);
  await daemon.stop();
}, 120_000);
