import { type ReactNode, useEffect, useState } from 'react';
import type { Asking } from '../data/asking.ts';
import { countdown } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { askedAgainAt } from '../session/query-client.ts';
import { Button, Notice } from './basics.tsx';
import { useNow } from './clock.ts';
import { troubleOf } from './trouble.ts';

/** Nobody waits for longer than this without a word, milliseconds. */
const LATE_MS = 5_000;

/** What is needed of a query to show its state. */
interface Asked<T> extends Asking {
  readonly data: T | undefined;
  /** Why there is no answer, once it is not asked for again by itself. */
  readonly error: unknown;
  /** What the last attempt has failed for, while others follow. */
  readonly failureReason: unknown;
  readonly failureCount: number;
  readonly isFetching: boolean;
  readonly dataUpdatedAt: number;
  /** What is shown is the answer to what was asked before. */
  readonly isPlaceholderData?: boolean;
}

/** Lays what is said over what it is said of: nothing moves for it. */
const OVER = 'grid grid-cols-[minmax(0,1fr)] *:[grid-area:1/1] *:self-start';

const Bars = ({ rows = 4 }: { readonly rows?: number | undefined }) => {
  const { t } = useSpeech();
  return (
    <div role="status" data-loading="" aria-label={t('common.loading')} className="space-y-3">
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((key) => (
        <div key={key} className="h-10 motion-safe:animate-pulse rounded-lg bg-raised" />
      ))}
    </div>
  );
};

/** Grey bars where something will be, as high as it will be, so that nothing moves when it comes. */
export const Skeleton = Bars;

/**
 * Whether something that is on its way takes longer than anybody should be left without a word.
 * @param attempt which time it is asked
 */
function useLate(isAsking: boolean, attempt: number): boolean {
  const [late, setLate] = useState<number | null>(null);
  useEffect(() => {
    if (!isAsking) return undefined;
    const timer = setTimeout(() => setLate(attempt), LATE_MS);
    return () => {
      clearTimeout(timer);
      setLate(null);
    };
  }, [isAsking, attempt]);
  return isAsking && late === attempt;
}

/** What failed, and when it is asked again by itself: counted down for who sees it, and said once to who hears it. */
function FailedSoFar({ failure }: { readonly failure: unknown }) {
  const { t } = useSpeech();
  const left = Math.max(0, (askedAgainAt(failure) ?? 0) - useNow());
  return (
    <>
      <span className="sr-only">
        {troubleOf(failure, t)} {t('common.againNow')}
      </span>
      <span aria-hidden="true" className="tabular-nums">
        {troubleOf(failure, t, left)} {left > 0 ? t('common.againIn', { time: countdown(left) }) : t('common.againNow')}
      </span>
    </>
  );
}

/** What there is to say of a question that is open, and the button that asks it anew. */
function useWords<T>(asked: Asked<T>) {
  const { t } = useSpeech();
  const [presses, setPresses] = useState(0);
  const [told, setTold] = useState<unknown>(null);
  const { isFetching, failureCount } = asked;
  const isLate = useLate(isFetching, presses);
  const failure = asked.error ?? asked.failureReason;
  // It stays told while it is tried again.
  if (failure !== null && failure !== told) setTold(failure);
  const isFirst = isFetching && failureCount === 0;
  const isTrying = isFirst && !isLate;
  const button = (
    <Button
      className="ml-3"
      busy={isTrying}
      onClick={() => {
        setPresses(presses + 1);
        asked.askAnew();
      }}
    >
      {isTrying ? t('common.trying') : t('common.retry')}
    </Button>
  );
  let words: ReactNode = null;
  // Asked anew, it stays said until there is more to say.
  if (isFirst && (isLate || (told === null && presses > 0))) words = t('common.late');
  else if (isFetching && failureCount > 0) words = <FailedSoFar failure={told} />;
  else if (told !== null) words = troubleOf(told, t);
  return { words, button, isLate };
}

/** Says of a question that has no answer yet that it is waited for; for long, in words; and why there is none. */
function Unanswered<T>({ of: asked, rows }: { readonly of: Asked<T>; readonly rows: number | undefined }) {
  const { words, button } = useWords(asked);
  const [isOver, setOver] = useState(false);
  if (asked.error !== null && !isOver) setOver(true);
  return (
    <div className={OVER}>
      {/* Once it is known that nothing comes, the bars are not put back for another attempt: what follows has moved up. */}
      {!isOver && <Bars rows={rows} />}
      {words !== null && (
        <Notice kind={asked.error === null ? 'warn' : 'bad'}>
          {words} {button}
        </Notice>
      )}
    </div>
  );
}

/** Says of an answer that is shown that a newer one is not to be had. */
function Stale<T>({ of: asked }: { readonly of: Asked<T> }) {
  const { t, when } = useSpeech();
  const { words, button, isLate } = useWords(asked);
  const [isTold, setToldOnce] = useState(false);
  const { error, failureReason, isPlaceholderData = false, dataUpdatedAt } = asked;
  const isDue = error !== null || (isLate && (isPlaceholderData || failureReason !== null));
  if (isDue && !isTold) setToldOnce(true);
  if (!isTold) return null;
  return (
    <Notice kind="warn">
      {!isPlaceholderData && t('common.stale', { time: when(new Date(dataUpdatedAt).toISOString()) })} {words} {button}
    </Notice>
  );
}

/**
 * Shows an answer: a place for it while it is on its way, in words once that takes long, why there is none, and the last one there
 * was, with its age, when a newer one could not be had.
 */
export function Answer<T>({
  of: asked,
  rows,
  children,
}: {
  readonly of: Asked<T>;
  readonly rows?: number;
  readonly children: (data: T) => ReactNode;
}) {
  const { data, question, dataUpdatedAt } = asked;
  if (data === undefined) return <Unanswered key={question} of={asked} rows={rows} />;
  // What was said of one answer is not said of the next.
  const stale = <Stale key={`${question} ${dataUpdatedAt}`} of={asked} />;
  if (asked.isPlaceholderData !== true) {
    return (
      <>
        {stale}
        {children(data)}
      </>
    );
  }
  return (
    <div className={OVER}>
      <div aria-busy="true" className="opacity-55">
        {children(data)}
      </div>
      {stale}
    </div>
  );
}

/** Leads to the next page of a list. */
export function MoreButton({
  of: pages,
}: {
  readonly of: { readonly hasNextPage: boolean; readonly isFetchingNextPage: boolean; fetchNextPage(): unknown };
}) {
  const { t } = useSpeech();
  if (!pages.hasNextPage) return null;
  return (
    <div className="mt-4 text-center">
      <Button busy={pages.isFetchingNextPage} onClick={() => pages.fetchNextPage()}>
        {t('common.more')}
      </Button>
    </div>
  );
}
