import type { Lock } from '../data/health.ts';
import { plain } from '../format/text.ts';
import type { Say } from '../i18n/language.tsx';
import type { Stopped } from '../session/session.tsx';
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

/**
 * What the kill switch has stopped. While it is engaged only the page that did it knows: what answers without a sign-in says no
 * more than since when and why, and a sign-in there is none. Then it is said where the figures will be.
 */
export const stoppedInWords = (stopped: Stopped | undefined, t: Say): string =>
  stopped === undefined
    ? t('kill.stopped.later')
    : t('kill.result', {
        sessions: stopped.sessionsRevoked,
        transactions: stopped.transactionsCancelled,
        agents: stopped.agentsSuspended,
      });
