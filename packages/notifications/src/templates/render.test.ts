import { NOTIFICATION_LOCALES, type NotificationEvent, notificationEventSchema } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { AGENT_ID, ALL_EVENTS, aPayment, EVENTS, LATER, RECIPIENT, TX_ID } from '../../test/events.ts';
import { PLAIN_STYLE, write } from '../text/text.ts';
import { render } from './render.ts';

/** An hour before LATER. */
const AT = Date.parse(LATER) / 1000 - 3600;
const context = { at: AT, agentName: (id: string) => (id === AGENT_ID ? 'shopper' : undefined) };
const shown = (event: NotificationEvent, locale: 'en' | 'ko' = 'en') => {
  const { title, body, facts } = render(event, locale, context);
  return {
    title,
    body: write(body, PLAIN_STYLE, 100_000),
    facts: facts.map(({ label, value }) => `${label}: ${write([value], PLAIN_STYLE, 1000)}`),
  };
};
const CASES = ALL_EVENTS.flatMap((event) =>
  NOTIFICATION_LOCALES.map((locale) => [event.event, locale, event] as const),
);

describe.each(CASES)('%s in %s', (_name, locale, event) => {
  test('has words for everything: no placeholder, nothing undefined', () => {
    expect(notificationEventSchema.parse(event)).toEqual(event);
    const { title, body, facts } = shown(event, locale);
    // A line of the file of heads is JSON.
    const said = event.event === 'AUDIT_HEAD' ? body.replace(event.line, '…') : body;
    for (const text of [title, said, ...facts]) {
      expect(text).not.toMatch(/[{}]|undefined|null|NaN|\[object/);
      expect(text.trim()).not.toBe('');
    }
    expect([...title].length).toBeLessThanOrEqual(100);
    if (locale === 'ko') expect(`${title}${body}`).toMatch(/[가-힣]/);
  });

  test('tells amounts in whole units, and names the agent', () => {
    const { title, body, facts } = shown(event, locale);
    const all = [title, body, ...facts].join('\n');
    if ('payment' in event) {
      expect(all).toContain('12.5 SOL');
      expect(all).not.toContain('12500000000');
    }
    if (('agentId' in event && event.agentId !== null) || 'payment' in event) expect(body).toContain('shopper');
  });
});

test('two languages never share a title', () => {
  for (const event of ALL_EVENTS) expect(shown(event, 'en').title).not.toBe(shown(event, 'ko').title);
});

describe('a request to approve', () => {
  test.each(['en', 'ko'] as const)('says who asks what, how much, to whom in full, and until when (%s)', (locale) => {
    const { title, body } = shown(EVENTS.TX_APPROVAL_REQUEST, locale);
    expect(title).toContain('12.5 SOL');
    for (const part of ['shopper', '12.5 SOL', RECIPIENT, 'solana devnet', '60', '2026-01-05 13:00:00 UTC', TX_ID])
      expect(body).toContain(part);
  });

  test('never promises less time than there is no more', () => {
    const late = { ...EVENTS.TX_APPROVAL_REQUEST, expiresAt: new Date((AT + 20) * 1000).toISOString() };
    expect(shown(late).body).toContain('within 1 minutes');
  });
});

test('a delayed payment says how long there is to stop it, and how', () => {
  const { body } = shown(EVENTS.TX_DELAY_QUEUED);
  for (const part of ['3600 seconds', RECIPIENT, `waiaas owner reject ${TX_ID}`]) expect(body).toContain(part);
});

test('a summary tells every amount with its network, and a token with what identifies it', () => {
  const { body } = shown(EVENTS.DAILY_SUMMARY);
  expect(body).toContain('12.5 SOL (solana devnet), 7 USDC EPjF...Dt1v (solana devnet), and 2 other assets');
  expect(shown({ ...EVENTS.DAILY_SUMMARY, paid: [], morePaid: 0 }).body).toContain('Nothing was paid');
});

test.each(['en', 'ko'] as const)(
  'the end of the audit log is told as it is to be kept, byte for byte (%s)',
  (locale) => {
    expect(shown(EVENTS.AUDIT_HEAD, locale).body).toContain(EVENTS.AUDIT_HEAD.line);
  },
);

test('where nothing has to be judged, an address is shortened to both ends', () => {
  const { body } = shown(EVENTS.TX_NOTIFY);
  expect(body).toContain('EPjF...Dt1v');
  expect(body).not.toContain(RECIPIENT);
});

test('an asset without words is told in base units, never guessed', () => {
  const payment = { ...aPayment, unit: null, asset: 'solana:SomeMint' };
  expect(shown({ ...EVENTS.TX_NOTIFY, payment }).title).toBe('Transaction executed: 12500000000 × solana:SomeMint');
});

test('an amount beyond the precision of numbers is told to the last digit', () => {
  const payment = { ...aPayment, amount: '123456789012345678901234567890', unit: { symbol: 'ETH', decimals: 18 } };
  expect(shown({ ...EVENTS.TX_NOTIFY, payment }).title).toContain('123456789012.34567890123456789 ETH');
});

test('an agent nobody knows any more is told by its id', () => {
  const { body } = render(EVENTS.SESSION_CREATED, 'en', { at: AT, agentName: () => undefined });
  expect(write(body, PLAIN_STYLE, 1000)).toContain('0192...0f10');
});
