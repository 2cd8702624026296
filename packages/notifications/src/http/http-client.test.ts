import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LoopbackServer, startServer } from '../../test/loopback-server.ts';
import { createAddressGuard, type ResolvedAddress } from './address-guard.ts';
import { createHttpClient, HttpFailure } from './http-client.ts';

const guard = createAddressGuard({ allowedNetworks: ['127.0.0.1'] });
const client = createHttpClient({ guard, userAgent: 'WAIaaS' });
const QUICK = 200;

let server: LoopbackServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const get = (url: string, timeoutMs = 10_000, signal?: AbortSignal) =>
  client.send({ method: 'GET', url: new URL(url), timeoutMs, signal });
const failure = async (work: Promise<unknown>): Promise<HttpFailure> => {
  const error = await work.then(
    () => new Error('there was an answer'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HttpFailure)) throw error;
  return error;
};

test('a request arrives whole, in any language', async () => {
  const answer = await client.send({
    method: 'POST',
    url: new URL(`${server.url}/path?query`),
    headers: { 'content-type': 'application/json' },
    body: '{"제목":"승인 요청 🚨"}',
    timeoutMs: 10_000,
  });
  expect(answer.status).toBe(200);
  expect(server.seen).toMatchObject([
    { method: 'POST', path: '/path?query', body: '{"제목":"승인 요청 🚨"}', headers: { 'user-agent': 'WAIaaS' } },
  ]);
});

test('a redirect is an answer, and nobody follows it', async () => {
  server.script.push({ status: 307, headers: { location: `${server.url}/elsewhere` } });
  expect((await get(`${server.url}/`)).status).toBe(307);
  expect(server.seen).toHaveLength(1);
});

describe('no answer', () => {
  test('in time', async () => {
    server.script.push('never');
    expect(await failure(get(`${server.url}/`, QUICK))).toMatchObject({
      kind: 'timeout',
      message: 'No answer within 0.2 s',
    });
  });

  test('because the name is never found', async () => {
    const hanging = createHttpClient({
      guard: createAddressGuard({ allowedNetworks: [], resolve: () => new Promise(() => undefined) }),
      userAgent: 'WAIaaS',
    });
    const request = { method: 'GET', url: new URL('https://slow.example/'), timeoutMs: QUICK } as const;
    expect(await failure(hanging.send(request))).toMatchObject({ kind: 'timeout' });
  });

  test.each(['hang up', 'garbage'] as const)('but %s', async (answer) => {
    server.script.push(answer);
    expect(await failure(get(`${server.url}/`))).toMatchObject({ kind: 'network' });
  });

  test('that ends', async () => {
    server.script.push({ status: 200, body: 'x'.repeat(70_000) });
    expect(await failure(get(`${server.url}/`))).toMatchObject({ kind: 'too_large' });
  });

  test('that anybody waits for any more', async () => {
    server.script.push('never');
    const giveUp = new AbortController();
    const answer = failure(get(`${server.url}/`, 10_000, giveUp.signal));
    giveUp.abort();
    expect(await answer).toMatchObject({ kind: 'aborted' });
  });
});

describe('where no request goes', () => {
  test.each([
    ['http to another machine', 'http://8.8.8.8/secret-path', 'Only https'],
    ['another scheme', 'ftp://8.8.8.8/secret-path', 'Only https'],
    ['a file', 'file:///etc/passwd', 'Only https'],
    ['the metadata service', 'https://169.254.169.254/secret-path', 'private or reserved'],
    ['this machine under another address', 'http://127.0.0.2/secret-path', 'private or reserved'],
  ])('%s', async (_what, url, words) => {
    const refused = await failure(get(url));
    expect(refused.kind).toBe('refused');
    expect(refused.message).toContain(words);
    expect(refused.message).not.toContain('secret-path');
  });

  test('a name that leads elsewhere the second time: it is asked once, and that address is used', async () => {
    let connections = 0;
    const listener = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.destroy();
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = listener.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const answers: ResolvedAddress[][] = [[{ address: '127.0.0.1', family: 4 }], [{ address: '10.1.2.3', family: 4 }]];
    const rebinding = createHttpClient({
      guard: createAddressGuard({ allowedNetworks: ['127.0.0.1'], resolve: async () => answers.shift() ?? [] }),
      userAgent: 'WAIaaS',
    });
    const request = { method: 'GET', url: new URL(`https://hook.example:${port}/`), timeoutMs: 10_000 } as const;
    expect(await failure(rebinding.send(request))).toMatchObject({ kind: 'network' });
    expect(connections).toBe(1);
    expect(await failure(rebinding.send(request))).toMatchObject({ kind: 'refused' });
    expect(connections).toBe(1);
    await new Promise((resolve) => listener.close(resolve));
  });

  test('what an error tells is a word of the system, not the address', async () => {
    const { url } = server;
    await server.close();
    const refused = await failure(get(`${url}/services/secret`));
    expect(refused).toMatchObject({ kind: 'network', message: 'ECONNREFUSED' });
  });
});
