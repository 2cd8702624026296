import { WAIaaSOperatorClient } from '@waiaas/sdk';
import { expect, test } from 'vitest';
import { revokeSession } from './revoke-session.ts';

const ID = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f14';
const AT = '2026-11-22T12:00:00.000Z';

/** An operator of a daemon that answers a revocation like this. */
async function operatorOf(body: object, status: number): Promise<WAIaaSOperatorClient> {
  const operator = new WAIaaSOperatorClient({
    baseUrl: 'http://127.0.0.1:3100',
    fetch: async (input) =>
      String(input).endsWith('/login')
        ? Response.json({ token: 'wai_op_test', expiresAt: AT })
        : Response.json(body, { status }),
  });
  await operator.signIn('the master password');
  return operator;
}

test('a session that was revoked meanwhile is revoked, and no error', async () => {
  const revoked = { revoked: true, sessionId: ID, revokedAt: AT, transactionsCancelled: 0 };
  await revokeSession(await operatorOf(revoked, 200), ID);
  await revokeSession(await operatorOf({ code: 'SESSION_REVOKED', message: 'revoked already' }, 409), ID);
});

test.each([
  ['SESSION_NOT_FOUND', 404],
  ['INVALID_OPERATOR_TOKEN', 401],
])('%s is none of that', async (code, status) => {
  await expect(revokeSession(await operatorOf({ code, message: 'no' }, status), ID)).rejects.toMatchObject({ code });
});
