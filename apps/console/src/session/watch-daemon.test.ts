import { WAIaaSOperatorClient } from '@waiaas/sdk';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createQueryClient } from './query-client.ts';
import type { Hearing } from './session.tsx';
import { watchDaemon } from './watch-daemon.ts';

vi.hoisted(() => Reflect.set(globalThis, 'location', { origin: 'http://127.0.0.1:3100' }));

const document = Object.assign(new EventTarget(), { hidden: false });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  vi.stubGlobal('document', document);
  document.hidden = false;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A page that has been told something already, and a daemon whose streams are told and cut from here. */
async function watching() {
  const streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  const heard: Hearing[] = [];
  const fetch: typeof globalThis.fetch = async (input) =>
    String(input).endsWith('/login')
      ? Response.json({ token: 'wai_op_test', expiresAt: new Date().toISOString() })
      : new Response(new ReadableStream<Uint8Array>({ start: (stream) => void streams.push(stream) }), {
          headers: { 'content-type': 'text/event-stream' },
        });
  const operator = new WAIaaSOperatorClient({ baseUrl: 'http://127.0.0.1:3100', fetch });
  await operator.signIn('the master password');
  const queries = createQueryClient();
  queries.setQueryData(['agents'], 'what was known');
  const stop = new AbortController();
  const ended = watchDaemon({
    operator,
    queries,
    signal: stop.signal,
    onHearing: (hearing) => heard.push(hearing),
    onEnded: () => undefined,
  });
  await vi.advanceTimersByTimeAsync(10);
  return {
    streams,
    heard,
    isStale: () => queries.getQueryState(['agents'])?.isInvalidated,
    answer: () => queries.setQueryData(['agents'], 'what is known now'),
    async tell(batch: object): Promise<void> {
      streams.at(-1)?.enqueue(new TextEncoder().encode(`event: changes\ndata: ${JSON.stringify(batch)}\n\n`));
      await vi.advanceTimersByTimeAsync(10);
    },
    async close(): Promise<void> {
      stop.abort();
      streams.at(-1)?.error(new Error('aborted'));
      await vi.advanceTimersByTimeAsync(10);
      await ended;
    },
  };
}
const NOTHING = { changes: [], complete: true };

test('what was answered before the daemon is heard is asked for again: it may have changed in between', async () => {
  const page = await watching();
  expect(page.isStale()).toBe(false);
  await page.tell(NOTHING);
  expect(page.isStale()).toBe(true);
  // From then on only what is told.
  page.answer();
  await page.tell(NOTHING);
  expect(page.isStale()).toBe(false);
  await page.tell({ ...NOTHING, complete: false });
  expect(page.isStale()).toBe(true);
  await page.close();
});

test.each(['at once', 'after several that were cut before they said a word'])(
  'nothing is missed by a stream that is cut and comes back %s',
  async (how) => {
    const page = await watching();
    await page.tell(NOTHING);
    page.answer();
    const cuts = how === 'at once' ? 1 : 3;
    for (let n = 0; n < cuts; n += 1) {
      page.streams.at(-1)?.close();
      await vi.advanceTimersByTimeAsync(20_000);
      expect(page.streams).toHaveLength(n + 2);
    }
    expect(page.heard.at(-1)).toBe('offline');
    expect(page.isStale()).toBe(false);
    await page.tell(NOTHING);
    expect(page.isStale()).toBe(true);
    expect(page.heard.at(-1)).toBe('live');
    await page.close();
  },
);

test('a page that nobody sees connects again as soon as somebody does, and asks for everything', async () => {
  const page = await watching();
  await page.tell(NOTHING);
  page.answer();
  document.hidden = true;
  page.streams.at(-1)?.close();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(page.streams).toHaveLength(1);
  document.hidden = false;
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(10);
  expect(page.streams).toHaveLength(2);
  await page.tell(NOTHING);
  expect(page.isStale()).toBe(true);
  await page.close();
});
