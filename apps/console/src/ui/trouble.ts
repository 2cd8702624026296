import { countdown } from '../format/text.ts';
import { isTextKey, type TextKey } from '../i18n/en.ts';
import type { Say } from '../i18n/language.tsx';

/** Nobody signed: the person changed their mind, which is no error to be shown. */
export class NotSigned extends Error {
  override readonly name = 'NotSigned';
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** What went wrong and what to do about it, in the words of this page, where it has any for a code. */
const keyOf = (code: string): TextKey | null => {
  const key = `error.${code}`;
  return isTextKey(key) ? key : null;
};

/**
 * What is said of something that did not work: what happened, what to do, and the code to look it up by. The daemon words its
 * errors for programs, in English; this page words those that people meet, and hands on what it does not know.
 * @param leftMs how much is left of the time that the daemon has asked for; where that is not given, all of it
 * @returns null where nobody need be told: they changed their mind
 */
export function troubleOf(error: unknown, t: Say, leftMs?: number): string | null {
  // The SDK tells of a wallet that did not sign with what it threw as the cause.
  if (error instanceof NotSigned || (error instanceof Error && error.cause instanceof NotSigned)) return null;
  if (!isFields(error) || typeof error.code !== 'string' || !(error instanceof Error)) return t('common.failed');
  const { code } = error;
  const details = isFields(error.details) ? error.details : {};
  const key = keyOf(code);
  const words = key === null ? foreign(error) : t(key, valuesOf(details, leftMs));
  const more = [
    ...issuesOf(details),
    ...(typeof details.reason === 'string' ? [details.reason] : []),
    ...(code === 'INTERNAL_ERROR' && typeof error.requestId === 'string' ? [error.requestId] : []),
  ];
  return `${words}${more.length === 0 ? '' : ` ${more.join('; ')}`} (${code})`;
}

const foreign = (error: Error & Fields): string =>
  [error.message, ...(typeof error.hint === 'string' ? [error.hint] : [])].join(' ');

/** Seconds to wait as a clock shows them; everything else as it is. */
const valuesOf = ({ retryAfter }: Fields, leftMs?: number): Readonly<Record<string, string>> => ({
  time: typeof retryAfter === 'number' ? countdown(leftMs ?? retryAfter * 1000) : '…',
});

/** Which fields were not right, where the daemon says so. */
function issuesOf({ issues }: Fields): readonly string[] {
  if (!Array.isArray(issues)) return [];
  return issues.flatMap((issue: unknown) =>
    isFields(issue) && 'path' in issue && 'message' in issue ? [`${String(issue.path)} ${String(issue.message)}`] : [],
  );
}
