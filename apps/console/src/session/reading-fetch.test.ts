import { WAIaaSOperatorClient } from '@waiaas/sdk';
import { expect, test } from 'vitest';
import { createReadingFetch } from './reading-fetch.ts';

/** A daemon that takes what it is asked, and answers nothing but the sign-in. */
async function hanging(times: { readonly ownMs: number; readonly chainMs: number }) {
  const asked: string[] = [];
  const given: (AbortSignal | null | undefined)[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    const { pathname } = new URL(String(input));
    if (pathname.endsWith('/login')) return Promise.resolve(Response.json({ token: 'wai_op_test', expiresAt: '' }));
    asked.push(pathname);
    given.push(init?.signal);
    return new Promise((_, reject) => {
      init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  };
  const operator = new WAIaaSOperatorClient({
    baseUrl: 'http://127.0.0.1:3100',
    fetch: createReadingFetch(fetch, times),
    retry: { maxRetries: 0 },
  });
  await operator.signIn('the master password');
  return { operator, asked, given };
}

test('a read that hangs ends by itself, and is asked once', async () => {
  const { operator, asked } = await hanging({ ownMs: 20, chainMs: 60_000 });
  await expect(operator.listPolicies()).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: true });
  await expect(operator.listTransactions({ limit: 1 })).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
  expect(asked).toEqual(['/v1/owner/policies', '/v1/owner/transactions']);
});

test('an answer that begins and does not end is given up as well', async () => {
  const fetch = createReadingFetch(
    async (_, init) =>
      new Response(
        new ReadableStream({
          start: (stream) => init?.signal?.addEventListener('abort', () => stream.error(new Error('aborted'))),
        }),
      ),
    { ownMs: 20, chainMs: 60_000 },
  );
  const answer = await fetch('http://127.0.0.1:3100/v1/owner/policies');
  await expect(answer.text()).rejects.toThrow();
});

test('whoever asks can end it before that', async () => {
  const { operator } = await hanging({ ownMs: 60_000, chainMs: 60_000 });
  const stop = new AbortController();
  const answer = operator.listPolicies({ signal: stop.signal });
  stop.abort();
  await expect(answer).rejects.toMatchObject({ code: 'ABORTED' });
});

test('what the daemon asks a chain for has its own time', async () => {
  const { operator, asked } = await hanging({ ownMs: 60_000, chainMs: 20 });
  for (const ask of [
    () => operator.getDashboard(),
    () => operator.getAgentAssets('0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01'),
    () => operator.getAgentBudget('0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01', { tokenMint: 'mint' }),
  ]) {
    await expect(ask()).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
  }
  expect(asked).toHaveLength(3);
});

test('what changes something, goes through every row or never ends has the time it had', async () => {
  const { operator, given } = await hanging({ ownMs: 1, chainMs: 1 });
  const stop = new AbortController();
  const { signal } = stop;
  const asked = [
    operator.activateKillSwitch('drill', { signal }),
    operator.updateSettings({ notifications: { enabled: true } }, { signal }),
    operator.suspendAgent('0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01', { signal }),
    operator.evaluatePolicies({ policies: [] }, { signal }),
    operator.verifyAuditLog({ signal }),
    operator.replayDecisions({ signal }),
    operator.watchChanges({ signal }).next(),
  ].map((answer) => answer.then(String, String));
  // Once a read of the same time is over, those are not.
  await expect(operator.listPolicies()).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
  expect(given).toHaveLength(8);
  expect(given.slice(0, 7).map((one) => one?.aborted)).toEqual(Array(7).fill(false));
  stop.abort();
  await Promise.all(asked);
});
