import { describe, expect, test } from 'vitest';
import {
  NOTIFICATION_EVENTS,
  type NotificationEvent,
  notificationEventSchema,
  notificationReference,
  notificationRule,
  notificationUrgency,
} from './index.ts';

const ID = '00000000-0000-7000-8000-000000000001';
const OTHER = '00000000-0000-7000-8000-000000000002';
const PAYMENT = {
  txId: ID,
  agentId: OTHER,
  chain: 'solana',
  network: 'devnet',
  asset: 'solana:native',
  amount: '1500000000',
  unit: { symbol: 'SOL', decimals: 9 },
  to: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
  memo: null,
} as const;
const REQUEST: NotificationEvent = {
  event: 'TX_APPROVAL_REQUEST',
  payment: PAYMENT,
  expiresAt: '2027-01-15T08:00:00.000Z',
};
const AUTO_STOP = {
  event: 'AUTO_STOP_TRIGGERED',
  agentId: ID,
  ruleId: OTHER,
  ruleType: 'HOURLY_RATE',
  reason: '51 transactions in an hour (limit: 50)',
} as const;

test('every event has a name of its own', () => {
  expect(new Set(NOTIFICATION_EVENTS).size).toBe(NOTIFICATION_EVENTS.length);
  for (const event of ['TX_NOTIFY', 'KILL_SWITCH_ACTIVATED', 'AUTO_STOP_TRIGGERED', 'SESSION_CREATED'])
    expect(NOTIFICATION_EVENTS).toContain(event);
});

describe('what is stored comes back', () => {
  test('as it was', () => {
    expect(notificationEventSchema.parse(JSON.parse(JSON.stringify(REQUEST)))).toEqual(REQUEST);
  });

  test.each([
    ['an unknown event', { event: 'TX_GUESSED' }],
    ['a field too many', { ...REQUEST, approve: true }],
    ['a field too few', { event: 'TX_APPROVAL_REQUEST', payment: PAYMENT }],
    ['an amount that is no number', { ...REQUEST, payment: { ...PAYMENT, amount: '1.5' } }],
    ['the data of another event', { ...REQUEST, event: 'TX_NOTIFY' }],
  ])('but not %s', (_what, stored) => {
    expect(notificationEventSchema.safeParse(stored).success).toBe(false);
  });
});

test('what an agent can cause without end never keeps waiting what the owner can still act upon', () => {
  const news: NotificationEvent[] = [
    { event: 'TX_FAILED', payment: PAYMENT, code: 'CHAIN_ERROR', txHash: null },
    { event: 'TX_CANCELLED', payment: PAYMENT, by: 'system', code: 'DAILY_CAP', reason: null },
    { event: 'TX_NOTIFY', payment: PAYMENT, txHash: 'h' },
    { event: 'SESSION_RENEWED', sessionId: ID, agentId: OTHER, expiresAt: '2027-01-15T08:00:00.000Z', renewalsLeft: 1 },
  ];
  for (const event of news) expect(notificationUrgency(event)).toBe(2);
  expect(notificationUrgency(REQUEST)).toBe(1);
  const executesAt = '2027-01-15T08:00:00.000Z';
  expect(notificationUrgency({ event: 'TX_DELAY_QUEUED', payment: PAYMENT, executesAt })).toBe(1);
  expect(notificationUrgency({ event: 'DAEMON_CRASHED', kind: 'a fault' })).toBe(0);
});

test('an approval is asked of every channel at once, a payment that was made is told to one', () => {
  expect(notificationRule(REQUEST)).toEqual({ level: 'WARNING', delivery: 'broadcast' });
  expect(notificationRule({ event: 'TX_NOTIFY', payment: PAYMENT, txHash: 'h' })).toEqual({
    level: 'INFO',
    delivery: 'fallback',
  });
});

test('an auto-stop rule that stops something wakes everybody, one that warns does not', () => {
  expect(notificationRule({ ...AUTO_STOP, action: 'SUSPEND_AGENT' })).toEqual({
    level: 'CRITICAL',
    delivery: 'broadcast',
  });
  expect(notificationRule({ ...AUTO_STOP, action: 'WARN' })).toEqual({ level: 'WARNING', delivery: 'fallback' });
});

test('repetitions are recognised by transaction or session; alarms are never taken for repetitions', () => {
  expect(notificationReference(REQUEST)).toBe(ID);
  expect(
    notificationReference({
      event: 'SESSION_REVOKED',
      sessionId: OTHER,
      agentId: ID,
      by: 'operator',
      transactionsCancelled: 0,
    }),
  ).toBe(OTHER);
  expect(notificationReference({ ...AUTO_STOP, action: 'KILL_SWITCH' })).toBeNull();
});
