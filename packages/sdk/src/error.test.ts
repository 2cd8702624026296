import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { BALANCE, clientOf, errorOf, RECIPIENT, TOKEN } from '../test/clients.ts';
import { type Answer, drop, json, startServer, text } from '../test/scripted-server.ts';
import { WAIaaSClient, WAIaaSError } from './index.ts';

const once = { retry: { maxRetries: 0 } };
const failWith = async (answer: Answer): Promise<WAIaaSError> => {
  await using server = await startServer(answer);
  return await errorOf(clientOf(server, once).client.getBalance());
};

describe('an error tells what the daemon told', () => {
  const body = {
    code: 'SPENDING_LIMIT_EXCEEDED',
    message: 'The payment would exceed a spending cap.',
    details: { cap: 'daily_max', remaining: '12' },
    requestId: 'req_body',
    retryable: false,
    hint: 'Wait.',
  };

  test('in full', async () => {
    const error = await failWith(json(body, 403));
    expect(error).toBeInstanceOf(WAIaaSError);
    expect(error).toBeInstanceOf(Error);
    expect(error.toJSON()).toEqual({ name: 'WAIaaSError', statusCode: 403, ...body });
    expect(JSON.parse(JSON.stringify(error))).toEqual(error.toJSON());
    expect(String(error)).toBe('WAIaaSError: The payment would exceed a spending cap.');
  });

  test('in the nested form of older daemons', async () => {
    expect((await failWith(json({ error: body }, 403))).toJSON()).toMatchObject(body);
  });

  test('with a code that this client does not know', async () => {
    expect(await failWith(json({ ...body, code: 'SOMETHING_NEW' }, 418))).toMatchObject({
      code: 'SOMETHING_NEW',
      statusCode: 418,
    });
  });

  test('with the request id of the header where the body has none', async () => {
    const { requestId: _, ...rest } = body;
    expect((await failWith(json(rest, 403, { 'x-request-id': 'req_header' }))).requestId).toBe('req_header');
  });
});

describe('an answer that is not of the daemon is UNKNOWN_ERROR', () => {
  test.each<[string, Answer, number]>([
    ["a proxy's page", text('<html>Bad gateway</html>', 502), 502],
    ['an empty error', text('', 500), 500],
    ['an error without code', json({ message: 'x' }, 400), 400],
    ['an error whose code is no text', json({ code: 42 }, 400), 400],
    ['an error that is a list', json([1], 400), 400],
    ['an error that is null', json(null, 400), 400],
    ['a page instead of a balance', text('<html>Welcome</html>', 200), 200],
    ['an empty success', text('', 200), 200],
    ['a success that is a text', json('ok', 200), 200],
    ['a success without the fields of a balance', json({ ok: true }, 200), 200],
    ['half a success', text(JSON.stringify(BALANCE).slice(0, 40), 200), 200],
  ])('%s', async (_name, answer, status) => {
    expect(await failWith(answer)).toMatchObject({
      code: 'UNKNOWN_ERROR',
      statusCode: status,
      message: `HTTP ${status}`,
    });
  });
});

describe('the session token is seen nowhere', () => {
  const everything = (value: unknown): string =>
    [inspect(value, { depth: 20, showHidden: true, getters: true }), JSON.stringify(value), String(value)].join();

  test('in the client', () => {
    const client = new WAIaaSClient({ sessionToken: TOKEN });
    expect(everything(client)).not.toContain('canary');
    expect(JSON.stringify({ client })).toBe('{"client":{}}');
  });

  const quoting: Answer = (response, request) => {
    const header = request.headers.authorization;
    json({ code: 'X', message: `you sent ${header}`, details: { request: [header] }, hint: header }, 400)(
      response,
      request,
    );
  };
  test.each<[string, Answer]>([
    ['a dropped connection', drop],
    ['a refusal', json({ code: 'X', message: 'x', retryable: false }, 400)],
    ["a proxy's page", text('<html>', 502)],
    ['an answer that quotes the request', quoting],
  ])('in the error of %s', async (_name, answer) => {
    await using server = await startServer(answer);
    const { client } = clientOf(server, once);
    for (const call of [client.getBalance(), client.sendToken({ to: RECIPIENT, amount: 1n })]) {
      const error = await errorOf(call);
      expect(everything(error) + error.stack).not.toContain('canary');
    }
  });

  test('in the error of a fetch that quotes the request', async () => {
    const client = new WAIaaSClient({
      sessionToken: TOKEN,
      ...once,
      fetch: async (_url, init) => {
        throw Object.assign(new Error(JSON.stringify(init)), { request: init, cause: init });
      },
    });
    const error = await errorOf(client.getBalance());
    expect(error.code).toBe('NETWORK_ERROR');
    expect(everything(error) + error.stack).not.toContain('canary');
  });

  test('in the refusal of a malformed one', () => {
    const refusal = (() => {
      try {
        return new WAIaaSClient({ sessionToken: 'wai_sess_canary\n' });
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(WAIaaSError);
    expect(everything(refusal)).not.toContain('canary');
  });
});
