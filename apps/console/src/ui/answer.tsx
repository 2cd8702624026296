import type { ReactNode } from 'react';
import { useSpeech } from '../i18n/language.tsx';
import { Button, Notice } from './basics.tsx';
import { troubleOf } from './trouble.ts';

/** What is needed of a query to show its state. */
interface Asked<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isPending: boolean;
  readonly dataUpdatedAt: number;
  /** What is shown is the answer to what was asked before. */
  readonly isPlaceholderData?: boolean;
  refetch(): unknown;
}

/** Grey bars where something will be, as high as it will be, so that nothing moves when it comes. */
export const Skeleton = ({ rows = 4 }: { readonly rows?: number }) => {
  const { t } = useSpeech();
  return (
    <div role="status" data-loading="" aria-label={t('common.loading')} className="space-y-3">
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((key) => (
        <div key={key} className="h-10 motion-safe:animate-pulse rounded-lg bg-raised" />
      ))}
    </div>
  );
};

/**
 * Shows an answer: a place for it while it is on its way, why there is none, and the last one there was, with its age, when
 * a newer one could not be had.
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
  const { t, when } = useSpeech();
  const { data, error, isPending, dataUpdatedAt } = asked;
  const again = (
    <Button className="ml-3" onClick={() => asked.refetch()}>
      {t('common.retry')}
    </Button>
  );
  if (data === undefined) {
    if (isPending && error === null) return <Skeleton {...(rows === undefined ? {} : { rows })} />;
    return (
      <Notice kind="bad">
        {troubleOf(error, t)} {again}
      </Notice>
    );
  }
  return (
    <>
      {error !== null && (
        <Notice kind="warn">
          {t('common.stale', { time: when(new Date(dataUpdatedAt).toISOString()) })} {troubleOf(error, t)} {again}
        </Notice>
      )}
      {asked.isPlaceholderData === true ? (
        <div aria-busy="true" className="opacity-55">
          {children(data)}
        </div>
      ) : (
        children(data)
      )}
    </>
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
