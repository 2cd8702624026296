import { expect, test } from 'vitest';
import { engagementOf } from './engagement.ts';

const row = (details: Record<string, unknown>): Parameters<typeof engagementOf>[0] => ({
  id: 7,
  timestamp: '2026-11-22T12:00:00.000Z',
  event: 'KILL_SWITCH_ACTIVATED',
  actor: 'operator',
  severity: 'critical',
  details,
  hash: 'ab',
});
const counts = { sessionsRevoked: 3, transactionsCancelled: 0, agentsSuspended: 2 };

test('what the kill switch has stopped is read from its row', () => {
  expect(engagementOf(row({ reason: 'drill', by: 'operator', ...counts, recallsStopped: 1 }))).toEqual({
    at: '2026-11-22T12:00:00.000Z',
    by: 'operator',
    reason: 'drill',
    stopped: counts,
  });
});

test.each([{}, { ...counts, agentsSuspended: '2' }, { reason: 5, sessionsRevoked: 3 }])(
  'of a row with %j no figure is made up',
  (details) => {
    expect(engagementOf(row(details))).toMatchObject({ reason: null, stopped: null });
  },
);
