import type { ChangeBatch } from '@waiaas/core';
import { appendAudit } from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWorld, type World } from '../../test/world.ts';
import { type ChangeFeed, createChangeFeed, MOST_LISTENERS } from './change-feed.ts';

let world: World;
let feed: ChangeFeed;
/** Never ends by itself: what is heard is heard because of a commit. */
const timers = {
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (ms < 1000 || signal?.aborted === true) return resolve();
      signal?.addEventListener('abort', () => resolve());
    }),
};

beforeEach(async () => {
  world = await createWorld();
  feed = createChangeFeed({ storage: world.storage, timers });
});
afterEach(async () => {
  await world.close();
  world.remove();
});

const listen = (given: { readonly signal?: AbortSignal } = {}) =>
  feed.watch(given.signal ?? new AbortController().signal)[Symbol.asyncIterator]();

/** The next batch of a listener that has not ended. */
async function batchOf(heard: AsyncIterator<ChangeBatch>): Promise<ChangeBatch> {
  const next = await heard.next();
  if (next.done === true) throw new Error('The feed has ended');
  return next.value;
}

describe('the feed of changes', () => {
  test('tells what is committed from its first word on, in order, none twice and none left out', async () => {
    await world.createAgent();
    const heard = listen();
    expect((await heard.next()).value).toEqual({ changes: [], complete: true });
    const events: string[] = [];
    const ids: number[] = [];
    const agent = await world.createAgent();
    const session = world.createSession(agent);
    while (!events.includes('SESSION_ISSUED')) {
      const { changes } = await batchOf(heard);
      events.push(...changes.map(({ event }) => event));
      ids.push(...changes.map(({ id }) => id));
      for (const change of changes) expect(change.agentId).toBe(agent);
    }
    await session;
    expect(events).toEqual(['AGENT_CREATED', 'SESSION_ISSUED']);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    await heard.return?.();
  });

  test('tells nothing of what was rolled back', async () => {
    const heard = listen();
    await heard.next();
    const entry = { event: 'TX_QUEUED', actor: 'system' } as const;
    await world.storage
      .write(async ({ db }) => {
        await appendAudit(db, 1, entry);
        throw new Error('no');
      })
      .catch(() => undefined);
    await world.storage.write(({ db }) => appendAudit(db, 1, { ...entry, event: 'CHANNEL_TESTED' }));
    expect((await heard.next()).value).toMatchObject({
      changes: [{ event: 'CHANNEL_TESTED', topic: 'notifications' }],
    });
    await heard.return?.();
  });

  test('says so when more has happened than it tells', async () => {
    const heard = listen();
    await heard.next();
    await world.storage.write(async ({ db }) => {
      for (let count = 0; count < 300; count += 1) await appendAudit(db, 1, { event: 'TX_SIGNED', actor: 'system' });
    });
    expect((await heard.next()).value).toEqual({ changes: [], complete: false });
    await heard.return?.();
  });

  test('takes so many listeners and no more, until one has gone', async () => {
    const stop = new AbortController();
    const all = Array.from({ length: MOST_LISTENERS }, () => listen({ signal: stop.signal }));
    await Promise.all(all.map((heard) => heard.next()));
    expect(() => listen()).toThrow('At most');
    await all[0]?.return?.();
    await listen().next();
    const waiting = all.slice(1).map((heard) => heard.next());
    stop.abort();
    for (const end of await Promise.all(waiting)) expect(end.done).toBe(true);
  });
});
