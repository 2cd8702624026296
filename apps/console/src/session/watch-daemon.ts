import type { QueryClient } from '@tanstack/react-query';
import { type ChangeBatch, WAIaaSError, type WAIaaSOperatorClient } from '@waiaas/sdk';
import { fetchHealth } from '../data/health.ts';
import { CALM, createLookAgain, type Pace, PROMPT, paceFor, SLOW } from './look-again.ts';
import { LONGEST_WAIT_MS, retryAfterMs } from './retry-after.ts';
import type { Hearing } from './session.tsx';

type Change = ChangeBatch['changes'][number];

/** What is looked at again when something of a topic has changed; the first word of each query's key. */
const LOOKED_AT: Readonly<Record<Change['topic'], readonly string[]>> = {
  transactions: ['transactions', 'approvals', 'dashboard', 'agents', 'sessions', 'balanceHistory', 'audit'],
  agents: ['agents', 'dashboard', 'status', 'audit'],
  sessions: ['sessions', 'dashboard', 'agents', 'audit'],
  policies: ['policies', 'agents', 'audit'],
  owner: ['owner', 'approvals', 'dashboard', 'audit'],
  killSwitch: ['owner', 'dashboard', 'status', 'audit'],
  autoStop: ['autoStop', 'agents', 'dashboard', 'settings', 'audit'],
  notifications: ['notifications', 'settings', 'audit'],
  daemon: ['status', 'settings', 'notifications', 'autoStop', 'audit'],
};

const EVERYTHING: readonly string[] = [...new Set(Object.values(LOOKED_AT).flat())];
/** All of it, looked at as one thing: at its own pace, however much else is looked at. */
const ALL = 'all';
const keysOf = (name: string): readonly string[] => (name === ALL ? EVERYTHING : [name]);

/** Paces of what is looked at otherwise than everything else. */
const PACES: Readonly<Record<string, Pace>> = { approvals: PROMPT, balanceHistory: SLOW };

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
/** Payments that began to wait and are remembered for it. */
const MOST_BEGUN = 1_000;

/** What is watched, and who is told. */
export interface Watch {
  readonly operator: WAIaaSOperatorClient;
  readonly queries: QueryClient;
  readonly signal: AbortSignal;
  readonly onHearing: (hearing: Hearing) => void;
  /** The sign-in has ended; whether because the kill switch was engaged. */
  readonly onEnded: (isLocked: boolean) => void;
}

/** Waits a while, and on until somebody sees the page: nobody is asked anything for a page that nobody sees. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    let isOver = false;
    const goOn = (): void => {
      if (!signal.aborted && (!isOver || document.hidden)) return;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', goOn);
      signal.removeEventListener('abort', goOn);
      resolve();
    };
    const timer = setTimeout(() => {
      isOver = true;
      goOn();
    }, ms);
    document.addEventListener('visibilitychange', goOn);
    signal.addEventListener('abort', goOn);
  });

const PAGE_OF_APPROVALS = 100;

/** Requests that a look at something takes now: one for each of its questions that is open, and each page of a list. */
function requestsOf(queries: QueryClient, name: string): number {
  const open = queries.getQueryCache().findAll({ queryKey: [name], type: 'active' });
  return open.reduce((sum, { state: { data } }) => sum + pagesOf(data), 0);
}

function pagesOf(data: unknown): number {
  if (Array.isArray(data)) return Math.max(1, Math.ceil(data.length / PAGE_OF_APPROVALS));
  return typeof data === 'object' && data !== null && 'pages' in data && Array.isArray(data.pages)
    ? data.pages.length
    : 1;
}

/**
 * Whether a change concerns what waits: something begins to wait, or something that waits changes. Most payments never wait,
 * and an agent that pays all day must not have the whole list read each time.
 */
function createWaitingFilter(queries: QueryClient): (change: Change) => boolean {
  const begun = new Set<string>();
  return ({ topic, event, transactionId }) => {
    if (topic !== 'transactions' || transactionId === undefined) return true;
    if (event === 'TX_QUEUED' || event === 'TX_POSTPONED') {
      if (begun.size >= MOST_BEGUN) begun.clear();
      begun.add(transactionId);
      return true;
    }
    const listed = queries.getQueryData<readonly { readonly txId: string }[]>(['approvals']);
    return begun.has(transactionId) || listed === undefined || listed.some(({ txId }) => txId === transactionId);
  };
}

/** Looks again at what has changed, as the daemon says that it has. Ends with the signal, and with the sign-in. */
export async function watchDaemon({ operator, queries, signal, onHearing, onEnded }: Watch): Promise<void> {
  const again = createLookAgain(
    (name) => {
      for (const key of keysOf(name)) queries.invalidateQueries({ queryKey: [key] });
    },
    (name) =>
      paceFor(
        PACES[name] ?? CALM,
        keysOf(name).reduce((sum, key) => sum + requestsOf(queries, key), 0),
      ),
    () => document.hidden,
  );
  const concernsWaiting = createWaitingFilter(queries);
  const seen = (): void => {
    if (!document.hidden) again.wake();
  };
  /** What is opened from now on is asked for anew; what is open already, at its pace. */
  const lookAgainAt = (name: string): void => {
    for (const key of keysOf(name)) queries.invalidateQueries({ queryKey: [key], refetchType: 'none' });
    again.due(name);
  };
  /** Of a daemon under load no batch may be complete: everything may have changed each time, and is not asked for each time. */
  const lookAgainAtEverything = (): void => {
    if (document.hidden) EVERYTHING.forEach(lookAgainAt);
    // What waits must not wait for the rest.
    else [ALL, 'approvals'].forEach(lookAgainAt);
  };
  /** Asks for all that is shown, or as soon as somebody sees it. */
  const askForEverything = (): void => {
    if (document.hidden) EVERYTHING.forEach(lookAgainAt);
    else queries.invalidateQueries();
  };
  document.addEventListener('visibilitychange', seen);
  let wait = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    // What was asked for before the daemon is heard may have changed between its answer and the first word of the stream.
    let isHeard = false;
    try {
      for await (const { changes, complete } of operator.watchChanges({ signal })) {
        if (!isHeard) askForEverything();
        else if (!complete) lookAgainAtEverything();
        isHeard = true;
        wait = FIRST_PAUSE_MS;
        onHearing('live');
        // What a part of them tells is seen with everything.
        for (const change of complete ? changes : []) {
          // A later daemon may tell of what this page does not know: then everything may have changed.
          for (const name of LOOKED_AT[change.topic] ?? EVERYTHING) {
            if (name === 'approvals' && !concernsWaiting(change)) continue;
            lookAgainAt(name);
          }
        }
      }
    } catch (error) {
      if (signal.aborted) break;
      const ended = error instanceof WAIaaSError && ['INVALID_OPERATOR_TOKEN', 'SYSTEM_LOCKED'].includes(error.code);
      if (ended) {
        const health = await fetchHealth().catch(() => null);
        if (!signal.aborted) onEnded(health !== null && health.killSwitch !== 'NORMAL');
        break;
      }
      const isLimited = error instanceof WAIaaSError && error.code === 'RATE_LIMIT_EXCEEDED';
      onHearing(isLimited ? 'limited' : 'offline');
      if (isLimited) wait = Math.max(wait, Math.min(LONGEST_WAIT_MS, retryAfterMs(error)));
    }
    if (signal.aborted) break;
    await pause(wait, signal);
    wait = Math.min(LONGEST_PAUSE_MS, wait * 2);
  }
  document.removeEventListener('visibilitychange', seen);
  again.stop();
}
