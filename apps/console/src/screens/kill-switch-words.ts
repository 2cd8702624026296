import type { Lock } from '../data/health.ts';
import { plain } from '../format/text.ts';
import type { Say } from '../i18n/language.tsx';
import type { Words } from './policy-words.ts';

/**
 * What the owner signs for who recovers from the kill switch.
 * @param lock what is ended by it, where the daemon has said
 */
export const recoveryInWords = (lock: Lock | null, t: Say, when: (iso: string) => string): Words => [
  [t('kill.title'), 'ACTIVATED → NORMAL'],
  ...(lock?.activatedAt == null ? [] : [[t('kill.since'), when(lock.activatedAt)] as const]),
  ...(lock?.reason == null ? [] : [[t('kill.reason'), plain(lock.reason)] as const]),
  [t('policies.effect'), t('kill.recover.effect')],
];
