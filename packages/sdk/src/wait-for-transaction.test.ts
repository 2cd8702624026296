import { describe, expect, test } from 'vitest';
import { clientOf, errorOf, PAID, TOKEN } from '../test/clients.ts';
import { json, refusal, silence, startServer } from '../test/scripted-server.ts';
import { WAIaaSClient } from './index.ts';

const at = (status: string) => json({ ...PAID, status });
const ID = PAID.transactionId;

test.each(['CONFIRMED', 'FAILED', 'CANCELLED', 'EXPIRED'])('waiting ends with %s', async (last) => {
  await using server = await startServer(at('QUEUED'), at('EXECUTING'), at('SUBMITTED'), at(last));
  const { client, pauses } = clientOf(server);
  await expect(client.waitForTransaction(ID)).resolves.toMatchObject({ transactionId: ID, status: last });
  expect(server.received.map(({ path }) => path)).toEqual(Array(4).fill(`/v1/transactions/${ID}`));
  expect(pauses).toEqual([500, 1000, 2000]);
});

test('a state that this client does not know is waited out', async () => {
  await using server = await startServer(at('PAUSED'), at('CONFIRMED'));
  await expect(clientOf(server).client.waitForTransaction(ID)).resolves.toMatchObject({ status: 'CONFIRMED' });
});

test('the daemon is asked every five seconds at most, so that waiting costs no budget', async () => {
  await using server = await startServer(...[at('QUEUED'), ...Array(9).fill(at('QUEUED'))], at('EXPIRED'));
  const { client, pauses } = clientOf(server);
  await client.waitForTransaction(ID);
  expect(pauses).toEqual([500, 1000, 2000, 4000, 5000, 5000, 5000, 5000, 5000, 5000]);
});

test('a passing fault does not end the waiting, a refusal does', async () => {
  await using server = await startServer(refusal(503, 'STORAGE_UNAVAILABLE', true), at('CONFIRMED'));
  await expect(clientOf(server).client.waitForTransaction(ID)).resolves.toMatchObject({ status: 'CONFIRMED' });
  await using refusing = await startServer(refusal(404, 'TX_NOT_FOUND', false));
  expect(await errorOf(clientOf(refusing).client.waitForTransaction(ID))).toMatchObject({ code: 'TX_NOT_FOUND' });
  expect(refusing.received).toHaveLength(1);
});

describe('when the time is up', () => {
  const expected = { code: 'TIMEOUT', statusCode: 0, retryable: true };

  test('during a pause, the last state is told', async () => {
    await using server = await startServer(at('SUBMITTED'));
    const client = new WAIaaSClient({ baseUrl: server.url, sessionToken: TOKEN });
    expect(await errorOf(client.waitForTransaction(ID, { timeout: 1000 }))).toMatchObject({
      ...expected,
      details: { transactionId: ID, status: 'SUBMITTED' },
    });
  });

  test('while the daemon is silent, there is none to tell', async () => {
    await using server = await startServer(silence);
    const error = await errorOf(clientOf(server).client.waitForTransaction(ID, { timeout: 50 }));
    expect(error).toMatchObject({ ...expected, details: { transactionId: ID } });
  });

  test.each([0, -1, Number.NaN, 2 ** 31])('a timeout of %d is refused', async (timeout) => {
    await using server = await startServer(at('CONFIRMED'));
    expect(await errorOf(clientOf(server).client.waitForTransaction(ID, { timeout }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

test.each(['call', 'client'])('the caller ends it by the signal of the %s', async (whose) => {
  const controller = new AbortController();
  await using server = await startServer((response, request) => {
    at('QUEUED')(response, request);
    setImmediate(() => controller.abort());
  });
  const client = new WAIaaSClient({
    baseUrl: server.url,
    sessionToken: TOKEN,
    ...(whose === 'client' ? { signal: controller.signal } : {}),
  });
  const options = whose === 'call' ? { signal: controller.signal } : {};
  expect(await errorOf(client.waitForTransaction(ID, options))).toMatchObject({ code: 'ABORTED', retryable: false });
});
