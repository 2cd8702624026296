import { expect, test } from 'vitest';
import { en } from '../i18n/en.ts';
import { ko } from '../i18n/ko.ts';
import { stoppedInWords } from './kill-switch-words.ts';

const stopped = { sessionsRevoked: 3, transactionsCancelled: 0, agentsSuspended: 2 };

test.each([
  ['English', en, '3 sessions revoked, 0 payments cancelled, 2 agents suspended.', 'Kill switch'],
  ['Korean', ko, '세션 3개 폐기, 결제 0건 취소, 에이전트 2개 정지.', ko['kill.title']],
] as const)(
  'what was stopped is told in %s, and where it will be told while nobody knows',
  (_language, texts, told, page) => {
    const t = (key: keyof typeof en, values: Readonly<Record<string, string | number>> = {}): string =>
      texts[key].replaceAll(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
    expect(stoppedInWords(stopped, t)).toBe(told);
    const later = stoppedInWords(undefined, t);
    expect(later).toContain(page);
    expect(later).not.toMatch(/\d/);
  },
);
