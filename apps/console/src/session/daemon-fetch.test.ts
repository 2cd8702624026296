import { expect, test } from 'vitest';
import { createDaemonClock } from './daemon-clock.ts';
import { createDaemonFetch, type Refusal } from './daemon-fetch.ts';

const NOW = Date.parse('2026-07-01T12:00:00.000Z');

function asking(answer: Response) {
  const refusals: Refusal[] = [];
  const clock = createDaemonClock(() => NOW);
  const fetch = createDaemonFetch(
    async () => answer,
    clock,
    () => NOW,
    (refusal) => refusals.push(refusal),
  );
  return { refusals, clock, fetch };
}
const refusal = (code: string, status = 401): Response => Response.json({ code, message: 'no' }, { status });

test.each(['SYSTEM_LOCKED', 'INVALID_OPERATOR_TOKEN'])(
  'an answer with %s is told of, and still reaches who asked',
  async (code) => {
    const { refusals, fetch } = asking(refusal(code));
    const answer = await fetch('http://daemon/v1/owner/agents');
    expect(refusals).toEqual([code]);
    expect(await answer.json()).toMatchObject({ code });
  },
);

test.each([
  ['a wrong password', () => refusal('INVALID_MASTER_PASSWORD')],
  ['another status', () => refusal('SYSTEM_LOCKED', 403)],
  ['a page of something else', () => new Response('<html>', { status: 401 })],
  ['a success that quotes the code', () => Response.json({ code: 'SYSTEM_LOCKED' })],
])('%s says nothing of the sign-in', async (_, make) => {
  const { refusals, fetch } = asking(make());
  await fetch('http://daemon/');
  expect(refusals).toEqual([]);
});

test('every answer tells the time of the daemon', async () => {
  const date = new Date(NOW + 3_600_000).toUTCString();
  const { clock, fetch } = asking(new Response('{}', { headers: { date } }));
  await fetch('http://daemon/');
  expect(clock.now() - NOW).toBe(3_601_000);
});
