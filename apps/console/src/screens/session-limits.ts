import type { SessionListResponse } from '@waiaas/sdk';
import { shown, type Unit } from '../format/amount.ts';
import { countdown } from '../format/text.ts';
import type { Say } from '../i18n/language.tsx';

type Session = SessionListResponse['sessions'][number];

/** One limit of a session, in words. */
export interface SessionLimit {
  readonly of: keyof Session['constraints'];
  readonly words: string;
  /** Whom it names. */
  readonly recipients?: readonly string[];
}

/**
 * What a session may do at most, with what is used of it; nothing where it has no limits of its own. A list that is there and
 * empty permits nothing, which is not the same as no list.
 * @param unit of its agent's native asset; null while it is not known: without it an amount would be told in a unit that
 *   nobody could know
 */
export function limitsOfSession(
  { constraints, usageStats, renewalCount }: Pick<Session, 'constraints' | 'usageStats' | 'renewalCount'>,
  unit: Unit | null,
  t: Say,
): readonly SessionLimit[] {
  const amount = (base: string): string => (unit === null ? '…' : shown(base, unit));
  const { maxAmountPerTx, maxTotalAmount, maxTransactions, allowedOperations, allowedDestinations, maxRenewals } =
    constraints;
  const limits: SessionLimit[] = [];
  const add = (of: SessionLimit['of'], words: string): void => void limits.push({ of, words });
  if (maxAmountPerTx !== undefined) {
    add('maxAmountPerTx', t('sessions.limit.perTx', { amount: amount(maxAmountPerTx) }));
  }
  if (maxTotalAmount !== undefined) {
    const figures = { used: amount(usageStats.totalAmount), limit: amount(maxTotalAmount) };
    add('maxTotalAmount', t('sessions.limit.total', figures));
  }
  if (maxTransactions !== undefined) {
    add('maxTransactions', t('sessions.limit.count', { used: usageStats.totalTx, limit: maxTransactions }));
  }
  if (allowedDestinations?.length === 0) add('allowedDestinations', t('sessions.limit.nobody'));
  else if (allowedDestinations !== undefined) {
    const words = t('sessions.limit.recipients', { count: allowedDestinations.length });
    limits.push({ of: 'allowedDestinations', words, recipients: allowedDestinations });
  }
  if (allowedOperations !== undefined) {
    const operations = allowedOperations.join(', ') || t('common.none');
    add('allowedOperations', t('sessions.limit.operations', { operations }));
  }
  if (maxRenewals !== undefined) {
    add('maxRenewals', t('sessions.limit.renewals', { used: renewalCount, limit: maxRenewals }));
  }
  return limits;
}

/**
 * Until when a session may live with all its renewals, at most: each gives it its life once more, and none leads beyond its
 * longest life. How many there are where it does not choose is the daemon's to say; its longest life holds then all the same.
 * @returns Unix milliseconds; null where no renewal can prolong it
 */
export function renewableUntil({
  constraints,
  renewalCount,
  expiresAt,
  absoluteExpiresAt,
}: Pick<Session, 'constraints' | 'renewalCount' | 'expiresAt' | 'absoluteExpiresAt'>): number | null {
  const { maxRenewals, expiresIn } = constraints;
  const [ends, latest] = [Date.parse(expiresAt), Date.parse(absoluteExpiresAt)];
  const left = maxRenewals === undefined ? Number.POSITIVE_INFINITY : Math.max(0, maxRenewals - renewalCount);
  const byCount = left === 0 ? ends : expiresIn === undefined ? latest : ends + left * expiresIn * 1_000;
  const until = Math.min(latest, byCount);
  return until > ends ? until : null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What the daemon gives a session that chooses none of it, unless config.toml says otherwise. */
const DEFAULT_RENEWALS = 30;
const DEFAULT_LONGEST_MS = 30 * DAY_MS;

/**
 * Until when a session that is created now could live with all its renewals, by what a daemon has where config.toml says nothing.
 * @param life how long it is granted for, seconds
 * @param now Unix milliseconds
 */
export function renewableByDefault(life: number, now: number): number {
  const ends = now + life * 1_000;
  const granted = {
    constraints: { expiresIn: life, maxRenewals: DEFAULT_RENEWALS },
    renewalCount: 0,
    expiresAt: new Date(ends).toISOString(),
    absoluteExpiresAt: new Date(Math.max(ends, now + DEFAULT_LONGEST_MS)).toISOString(),
  };
  return renewableUntil(granted) ?? ends;
}

/** How long a session has left: to the second in its last day, to the hour before that. */
export const leftInWords = (ms: number, t: Say): string =>
  ms < DAY_MS
    ? t('sessions.left', { time: countdown(ms) })
    : t('sessions.left.days', { days: Math.floor(ms / DAY_MS), hours: Math.floor((ms % DAY_MS) / HOUR_MS) });
