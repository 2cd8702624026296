import { WAIaaSError } from '@waiaas/sdk';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, test } from 'vitest';
import { Speaking } from '../i18n/language.tsx';
import { Answer } from './answer.tsx';

type Asked = Parameters<typeof Answer<string>>[0]['of'];

const NEW: Asked = {
  data: undefined,
  error: null,
  failureReason: null,
  failureCount: 0,
  isFetching: true,
  dataUpdatedAt: 0,
  question: '["policies"]',
  askAnew: async () => undefined,
};
const limited = new WAIaaSError({
  code: 'RATE_LIMIT_EXCEEDED',
  message: 'no',
  statusCode: 429,
  retryable: true,
  details: { retryAfter: 40 },
});

const shown = (change: Partial<Asked>): string =>
  renderToString(
    createElement(
      Speaking,
      null,
      createElement(Answer<string>, { of: { ...NEW, ...change }, children: (data: string) => `It is ${data}.` }),
    ),
  );
const BARS = 'data-loading';
const BUTTON = /<button[^>]*aria-busy="(true|false)"[^>]*>([^<]+)</;
const buttonOf = (html: string): readonly (string | undefined)[] => BUTTON.exec(html)?.slice(1) ?? [];

test('what is on its way has its place, and no word yet', () => {
  expect(shown({})).toContain(BARS);
  expect(buttonOf(shown({}))).toEqual([]);
});

test('what failed and is asked again is said beside its place, with a button that does not wait for that', () => {
  const html = shown({ failureReason: limited, failureCount: 1 });
  expect(html).toContain(BARS);
  expect(html).toContain('Too many requests.');
  expect(html).toContain('It is asked again');
  expect(buttonOf(html)).toEqual(['false', 'Try again']);
});

test('what failed for good is said in its place', () => {
  const html = shown({ error: limited, failureReason: limited, failureCount: 3, isFetching: false });
  expect(html).not.toContain(BARS);
  expect(html).toContain('role="alert"');
  expect(buttonOf(html)).toEqual(['false', 'Try again']);
});

test('an answer is shown without a word, also while a newer one is on its way or has failed once', () => {
  const now = { data: 'known', dataUpdatedAt: Date.parse('2026-07-01T12:00:00.000Z') };
  for (const more of [{ isFetching: false }, {}, { failureReason: limited, failureCount: 1 }]) {
    const html = shown({ ...now, ...more });
    expect(html).toContain('It is known.');
    expect(buttonOf(html)).toEqual([]);
  }
});

test('an old answer is shown with its age, and a button that shows that it is tried', () => {
  const old = { data: 'known', dataUpdatedAt: Date.parse('2026-07-01T12:00:00.000Z'), error: limited };
  const html = shown({ ...old, isFetching: false });
  expect(html).toContain('It is known.');
  expect(html).toContain('Not up to date');
  expect(buttonOf(html)).toEqual(['false', 'Try again']);
  expect(buttonOf(shown({ ...old, isFetching: true }))).toEqual(['true', 'Trying…']);
});
