import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { WAIaaSClient } from '@waiaas/sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createHarness, createPayer, type DaemonProcess, type Harness, type Payer } from './harness.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';

/* A proxy between the client and the daemon loses answers; the client asks again, as it does by itself; one payment is made. */

type Loss = 502 | 503 | 504 | 'silence' | 'a cut connection';

let harness: Harness;
let dataDir: string;
let daemon: DaemonProcess;
let payer: Payer;
let proxy: Server | undefined;

beforeAll(async () => {
  harness = await createHarness(60);
  dataDir = await harness.createDataDir();
  daemon = await harness.start(dataDir);
  payer = await createPayer(harness, daemon);
}, 60_000);
afterEach(() => proxy?.closeAllConnections());
afterAll(() => harness.close());

/** Hands requests on, and loses the answers to the first of them as it is told. Answers its address. */
async function losing(losses: readonly Loss[]): Promise<{ readonly url: string; readonly seen: () => number }> {
  let seen = 0;
  proxy = createServer(async (request, response) => {
    const loss = losses[seen++];
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = new Headers({ 'content-type': request.headers['content-type'] ?? '' });
    for (const name of ['authorization', 'idempotency-key']) headers.set(name, String(request.headers[name] ?? ''));
    const answer = await fetch(`${daemon.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers,
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    const body = await answer.text();
    if (loss === 'silence') return;
    if (loss === 'a cut connection') request.socket.destroy();
    else if (loss !== undefined) response.writeHead(loss, { 'content-type': 'text/plain' }).end('no answer');
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(body);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (typeof address !== 'object' || address === null) throw new Error('The proxy has no port');
  return { url: `http://127.0.0.1:${address.port}`, seen: () => seen };
}

const LOSSES: readonly (readonly Loss[])[] = [
  [502],
  [503],
  [504],
  ['a cut connection'],
  ['silence'],
  [502, 'silence', 503],
];

test.each(LOSSES.map((losses) => ({ losses })))(
  'answers lost by $losses cost no second payment',
  async ({ losses }) => {
    const { url, seen } = await losing(losses);
    const client = new WAIaaSClient({
      baseUrl: url,
      sessionToken: payer.token,
      timeout: 3000,
      retry: { maxRetries: 5, baseDelay: 10 },
    });
    const to = stranger();
    const paid = await client.sendToken({ to, amount: 1_000_000n });
    expect(paid.status).toBe('CONFIRMED');
    expect(seen()).toBe(losses.length + 1);
    expect(await balanceOf(harness.ledger, to)).toBe(1_000_000n);
  },
  60_000,
);

test('and there is one row for each', async () => {
  await daemon.stop();
  const { transactions, ledgerFaults } = await readRemains(dataDir);
  expect(transactions.map(({ status }) => status)).toEqual(LOSSES.map(() => 'CONFIRMED'));
  expect(ledgerFaults).toBe(0);
});
