import { WAIaaSError } from '@waiaas/sdk';
import { describe, expect, test } from 'vitest';
import { en, type TextKey } from '../i18n/en.ts';
import { ko } from '../i18n/ko.ts';
import type { Say } from '../i18n/language.tsx';
import { NotSigned, troubleOf } from './trouble.ts';

const saying =
  (texts: Readonly<Record<TextKey, string>>): Say =>
  (key, values = {}) =>
    texts[key].replaceAll(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
const [english, korean] = [saying(en), saying(ko)];

const error = (code: string, rest: Partial<WAIaaSError> = {}): WAIaaSError =>
  new WAIaaSError({ code, message: 'As the daemon words it.', statusCode: 400, retryable: false, ...rest });

describe('what is said of something that did not work', () => {
  test('is what happened, what to do and the code, in the language of the page', () => {
    expect(troubleOf(error('OWNER_MISMATCH'), english)).toBe(
      'That wallet is not the owner. Sign with the wallet that is connected. (OWNER_MISMATCH)',
    );
    expect(troubleOf(error('OWNER_MISMATCH'), korean)).toBe(
      '소유자의 지갑이 아닙니다. 연결된 지갑으로 서명하세요. (OWNER_MISMATCH)',
    );
  });

  test('names the fields that were not right, the reason, and the time that is left', () => {
    const issues = [{ path: 'rules.daily_max', code: 'custom', message: 'must not be below delay_max' }];
    expect(troubleOf(error('VALIDATION_ERROR', { details: { issues } }), english)).toContain(
      'rules.daily_max must not be below delay_max',
    );
    expect(troubleOf(error('INVALID_CHANNEL_CONFIG', { details: { reason: 'chat not found' } }), korean)).toContain(
      'chat not found',
    );
    expect(troubleOf(error('MASTER_PASSWORD_LOCKED', { details: { retryAfter: 1_790 } }), english)).toContain('29:50');
    expect(troubleOf(error('RATE_LIMIT_EXCEEDED'), english)).not.toContain('{');
  });

  test('leads to the log of the daemon where only that knows more', () => {
    expect(troubleOf(error('INTERNAL_ERROR', { requestId: 'req-1' }), english)).toContain('req-1');
  });

  test('is what the daemon says, where this page knows no better', () => {
    expect(troubleOf(error('A_LATER_CODE', { hint: 'Do this.' }), korean)).toBe(
      'As the daemon words it. Do this. (A_LATER_CODE)',
    );
    expect(troubleOf(error('constructor'), korean)).toBe('As the daemon words it. (constructor)');
  });

  test('is nothing where somebody only changed their mind, also where the SDK wraps that', () => {
    expect(troubleOf(new NotSigned(), english)).toBeNull();
    expect(troubleOf(error('SIGNER_ERROR', { cause: new NotSigned() }), english)).toBeNull();
    expect(troubleOf(error('SIGNER_ERROR', { cause: new Error('User rejected') }), english)).not.toBeNull();
  });

  test.each([new TypeError('x is not a function'), 'no', null, undefined, { code: 'TX_EXPIRED' }])(
    'quotes nothing that is no error of the daemon: %s',
    (thrown) => {
      expect(troubleOf(thrown, english)).toBe(en['common.failed']);
    },
  );
});
