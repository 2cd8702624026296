import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WAIaaSOperatorClient } from './operator-client.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A daemon that signs everybody in, and answers the stream as it is told. */
async function operatorOf(stream: RequestListener): Promise<WAIaaSOperatorClient> {
  const server = createServer((request, response) => {
    if (request.url === '/v1/owner/changes') return stream(request, response);
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({ token: 'wai_op_x', expiresAt: '2026-11-22T12:00:00.000Z' }));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const operator = new WAIaaSOperatorClient({ baseUrl: `http://127.0.0.1:${port}` });
  await operator.signIn('a long master password');
  return operator;
}

const batch = (event: string) => ({ changes: [{ id: 1, topic: 'transactions', event }], complete: true });
const message = (event: string): string => `event: changes\ndata: ${JSON.stringify(batch(event))}\n\n`;

describe('watchChanges', () => {
  test('tells every batch, however the network cuts them, and shows its token in the header', async () => {
    const operator = await operatorOf((request, response) => {
      expect(request.headers.authorization).toBe('Bearer wai_op_x');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const text = `:\n\n${message('TX_QUEUED — 큐')}event: other\ndata: {}\n\n${message('TX_CONFIRMED')}`;
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += 7) response.write(bytes.subarray(at, at + 7));
    });
    const heard: unknown[] = [];
    for await (const told of operator.watchChanges()) if (heard.push(told) === 2) break;
    expect(heard).toEqual([batch('TX_QUEUED — 큐'), batch('TX_CONFIRMED')]);
  });

  test.each([
    ['a refusal', 401, JSON.stringify({ code: 'INVALID_OPERATOR_TOKEN', message: 'no', retryable: false })],
    ['an end that is told in the stream', 200, 'event: end\ndata: {"code":"INVALID_OPERATOR_TOKEN"}\n\n'],
  ])('throws what the daemon says: %s', async (_what, status, text) => {
    const operator = await operatorOf((_request, response) => void response.writeHead(status).end(text));
    await expect(operator.watchChanges().next()).rejects.toMatchObject({ code: 'INVALID_OPERATOR_TOKEN' });
  });

  test('throws when the daemon is gone, and when something else answers', async () => {
    const gone = await operatorOf((_request, response) => void response.writeHead(200).end(message('TX_QUEUED')));
    const stream = gone.watchChanges();
    await stream.next();
    await expect(stream.next()).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: true });
    const other = await operatorOf(
      (_request, response) => void response.writeHead(200).end('event: changes\ndata: 5\n\n'),
    );
    await expect(other.watchChanges().next()).rejects.toMatchObject({ code: 'UNKNOWN_ERROR' });
  });

  test('gives up on a daemon that is silent, not on a caller that thinks', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const open: ServerResponse[] = [];
      const operator = await operatorOf((_request, response) => {
        open.push(response);
        response.writeHead(200);
        response.write(message('TX_QUEUED'));
      });
      const stream = operator.watchChanges();
      await stream.next();
      vi.advanceTimersByTime(60_000);
      open[0]?.write(message('TX_CONFIRMED'));
      expect((await stream.next()).value).toEqual(batch('TX_CONFIRMED'));
      const next = expect(stream.next()).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
      await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(60_000);
      await next;
    } finally {
      vi.useRealTimers();
    }
  });

  test('ends without an error when its caller ends it', async () => {
    const operator = await operatorOf((_request, response) => {
      response.writeHead(200);
      response.write(message('TX_QUEUED'));
    });
    const stop = new AbortController();
    const stream = operator.watchChanges({ signal: stop.signal });
    await stream.next();
    const next = stream.next();
    stop.abort();
    expect((await next).done).toBe(true);
  });
});
