import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  answeringServices,
  asOperator,
  asSession,
  type Harness,
  type HarnessOptions,
  harness,
  PAYMENT,
} from '../test/fixtures.ts';
import { exchange, parseAnswer, portOf } from '../test/raw-http.ts';

const running: Harness[] = [];
/** A server on a real socket, whose Host names follow its real port. */
const listening = async (setUp: HarnessOptions = {}) => {
  let port = 0;
  const server = await harness({ ...setUp, options: { ...setUp.options, port: () => port } });
  running.push(server);
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = portOf(server.app);
  return { server, port };
};
afterEach(async () => {
  for (const { app } of running.splice(0)) await app.close();
});

const say = async (request: (port: number) => string) => {
  const { port } = await listening();
  return parseAnswer(await exchange(port, request(port)));
};
const expectDressed = (answer: ReturnType<typeof parseAnswer>): void => {
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('x-frame-options')).toBe('DENY');
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  expect(answer.headers.get('x-xss-protection')).toBe('0');
  expect(answer.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{22}$/);
  expect(JSON.parse(answer.body).requestId).toBe(answer.headers.get('x-request-id'));
};

describe('on the wire', () => {
  test.each([
    ['HTTP/1.0 without Host', () => 'GET /health HTTP/1.0\r\n\r\n'],
    ['HTTP/1.1 without Host', () => 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['HTTP/1.1 with an empty Host', () => 'GET /health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'],
    [
      'two Hosts, the good one first',
      (port: number) =>
        `GET /health HTTP/1.1\r\nHost: localhost:${port}\r\nhost: evil.com\r\nConnection: close\r\n\r\n`,
    ],
    [
      'two Hosts, both good',
      (port: number) =>
        `GET /health HTTP/1.1\r\nHost: localhost:${port}\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`,
    ],
    ['a foreign Host', () => 'GET /health HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n'],
  ])('%s is 403', async (_name, request) => {
    const answer = await say(request);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body).code).toBe('INVALID_HOST');
    expectDressed(answer);
  });

  test('HTTP/1.0 with a good Host is served', async () => {
    expect((await say((port) => `GET /health HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\n\r\n`)).status).toBe(200);
  });

  test('two Origins are refused, even if the first is good', async () => {
    const answer = await say(
      (port) =>
        `GET /health HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: http://localhost:${port}\r\nOrigin: http://evil.com\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body).code).toBe('INVALID_ORIGIN');
  });

  test.each([
    ['GET', '/./health'],
    ['GET', '/health/../health'],
    ['GET', '/v1/../health'],
    ['GET', '/v1/transactions/..'],
    ['GET', '/health#x/../v1'],
  ])('%s %s is no route, or no more than its letters say', async (method, target) => {
    const answer = await say(
      (port) => `${method} ${target} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`,
    );
    expect([400, 401, 404]).toContain(answer.status);
    expectDressed(answer);
  });

  test.each([
    ['GET', 'http://evil.com/health'],
    ['GET', 'http://localhost/health'],
    ['GET', 'http://evil.com'],
    ['OPTIONS', '*'],
  ])('%s %s names a host past the Host header, and is refused', async (method, target) => {
    const answer = await say(
      (port) => `${method} ${target} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(403);
    expectDressed(answer);
  });

  test.each([
    ['garbage', 'hello\r\n\r\n'],
    ['a header without a colon', 'GET /health HTTP/1.1\r\nHost localhost\r\n\r\n'],
    ['a space before the colon', 'GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n'],
    ['a folded header', 'GET /health HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: a\r\n b: c\r\n\r\n'],
    [
      'two lengths',
      'POST /v1/admin/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    ],
    [
      'a length and chunks',
      'POST /v1/admin/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a negative length', 'POST /v1/admin/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n'],
    [
      'a bare line feed in a header',
      'GET /health HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: a\nSet-Cookie: b\r\n\r\n\r\n',
    ],
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00'],
  ])('%s is 400 and ends the connection', async (_name, bytes) => {
    const answer = await say(() => bytes);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'VALIDATION_ERROR', retryable: false });
    expect(answer.headers.get('connection')).toBe('close');
    expectDressed(answer);
  });

  test('bytes that follow a payment under way are never taken for its answer', async () => {
    const { port } = await listening({
      services: {
        transactions: {
          ...answeringServices.transactions,
          send: async (session, body, options) => {
            await new Promise<void>((resolve) => options.signal?.addEventListener('abort', () => resolve()));
            return answeringServices.transactions.send(session, body, options);
          },
        },
      },
    });
    const body = JSON.stringify(PAYMENT);
    const payment = `POST /v1/transactions/send HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: ${asSession.authorization}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    expect(await exchange(port, `${payment}garbage\r\n\r\n`)).toBe('');
  });

  test('headers beyond 16 KiB are refused', async () => {
    const answer = await say(
      (port) => `GET /health HTTP/1.1\r\nHost: localhost:${port}\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body).code).toBe('PAYLOAD_TOO_LARGE');
    expectDressed(answer);
  });

  test('a body sent in chunks is limited like any other', async () => {
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    const answer = await say(
      (port) =>
        `POST /v1/transactions/send HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: ${asSession.authorization}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunk.repeat(5)}0\r\n\r\n`,
    );
    expect(answer.status).toBe(413);
    expectDressed(answer);
  });

  test('an unknown expectation does not skip the headers of every answer', async () => {
    const answer = await say(
      (port) => `GET /nothing HTTP/1.1\r\nHost: localhost:${port}\r\nExpect: miracles\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(404);
    expectDressed(answer);
  });

  test('HEAD answers without a body', async () => {
    const answer = await say((port) => `HEAD /health HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.headers.get('content-type')).toContain('application/json');
  });

  test('bytes above ASCII in a path are answered, not swallowed', async () => {
    const answer = await say(
      (port) => `GET /\xe9\xff HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`,
    );
    expect([400, 404]).toContain(answer.status);
    expectDressed(answer);
  });

  test('one connection carries many requests', async () => {
    const { port } = await listening();
    const one = `GET /health HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`;
    const answers = await exchange(port, `${one}${one}${one.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')}`);
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
  });
});

describe('time limits of sockets', () => {
  test('are those of the contract', async () => {
    const { app } = await harness();
    expect(app.server).toMatchObject({
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 5_000,
      timeout: 0,
    });
  });
});

describe('shutting down', () => {
  test('the answer to the request for it leaves before it begins', async () => {
    const asked = Promise.withResolvers<void>();
    const order: string[] = [];
    const { port } = await listening({
      services: {
        admin: {
          ...answeringServices.admin,
          requestShutdown: () => {
            order.push('shutdown');
            asked.resolve();
          },
        },
      },
    });
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /v1/admin/shutdown HTTP/1.1\r\nHost: localhost:${port}\r\nX-Master-Password: ${asOperator['x-master-password']}\r\nConnection: close\r\n\r\n`,
    );
    const [chunk] = await once(socket, 'data');
    await asked.promise;
    expect(String(chunk)).toContain('"shutdownInitiated":true');
    expect(order).toEqual(['shutdown']);
    socket.destroy();
  });

  test('refuses everything new: 503, come back in 30 s, connection closed', async () => {
    const { server, port } = await listening();
    server.stop.abort();
    for (const path of ['/health', '/nothing', '/v1/wallet/balance', '/%zz']) {
      const answer = parseAnswer(await exchange(port, `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`));
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('30');
      expect(answer.headers.get('connection')).toBe('close');
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'SHUTTING_DOWN', retryable: false });
      expectDressed(answer);
    }
  });

  test('a request under way is finished and its connection closed', async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const { server, port } = await listening({
      services: {
        wallet: {
          ...answeringServices.wallet,
          balance: async (session) => {
            started.resolve();
            await release.promise;
            return answeringServices.wallet.balance(session);
          },
        },
      },
    });
    const answer = exchange(
      port,
      `GET /v1/wallet/balance HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: ${asSession.authorization}\r\n\r\n`,
    );
    await started.promise;
    server.stop.abort();
    const closed = server.app.close();
    release.resolve();
    const parsed = parseAnswer(await answer);
    expect(parsed.status).toBe(200);
    expect(parsed.headers.get('connection')).toBe('close');
    await closed;
  });

  test('idle connections do not hold it up', async () => {
    const { server, port } = await listening();
    const idle = connect(port, '127.0.0.1');
    idle.write(`GET /health HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    await once(idle, 'data');
    const ended = once(idle, 'close');
    await server.app.close();
    await ended;
  });

  test('a payment that waits is answered with what is known', async () => {
    const started = Promise.withResolvers<void>();
    const { server, port } = await listening({
      services: {
        transactions: {
          ...answeringServices.transactions,
          send: async (session, body, options) => {
            started.resolve();
            await new Promise<void>((resolve) => options.signal?.addEventListener('abort', () => resolve()));
            return { ...(await answeringServices.transactions.send(session, body, options)), status: 'EXECUTING' };
          },
        },
      },
    });
    const body = JSON.stringify(PAYMENT);
    const answer = exchange(
      port,
      `POST /v1/transactions/send HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: ${asSession.authorization}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await started.promise;
    server.stop.abort();
    await server.app.close();
    const parsed = parseAnswer(await answer);
    expect(parsed.status).toBe(202);
    expect(JSON.parse(parsed.body).status).toBe('EXECUTING');
  });
});
