import type { QueryClient } from '@tanstack/react-query';
import { type ChangeBatch, WAIaaSError, type WAIaaSOperatorClient } from '@waiaas/sdk';
import { fetchHealth } from '../data/health.ts';
import type { Hearing } from './session.tsx';

/** What is looked at again when something of a topic has changed; the first word of each query's key. */
const LOOKED_AT: Readonly<Record<ChangeBatch['changes'][number]['topic'], readonly string[]>> = {
  transactions: ['transactions', 'approvals', 'agents', 'sessions', 'owner', 'audit'],
  agents: ['agents', 'status', 'audit'],
  sessions: ['sessions', 'agents', 'owner', 'audit'],
  policies: ['policies', 'agents', 'audit'],
  owner: ['owner', 'approvals', 'audit'],
  killSwitch: ['owner', 'status', 'audit'],
  autoStop: ['autoStop', 'agents', 'audit'],
  notifications: ['notifications', 'audit'],
  daemon: ['status', 'audit'],
};

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
/** At most so often the same thing is looked at again, however busy the daemon is, milliseconds. */
const CALM_MS = 1_000;

/** What is watched, and who is told. */
export interface Watch {
  readonly operator: WAIaaSOperatorClient;
  readonly queries: QueryClient;
  readonly signal: AbortSignal;
  readonly onHearing: (hearing: Hearing) => void;
  /** The sign-in has ended; whether because the kill switch was engaged. */
  readonly onEnded: (isLocked: boolean) => void;
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Looks again at what has changed, as the daemon says that it has. Ends with the signal, and with the sign-in. */
export async function watchDaemon({ operator, queries, signal, onHearing, onEnded }: Watch): Promise<void> {
  const due = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (names: readonly string[]): void => {
    for (const name of names) due.add(name);
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const name of due) queries.invalidateQueries({ queryKey: [name] });
      due.clear();
    }, CALM_MS / 4);
  };
  let wait = FIRST_PAUSE_MS;
  let hasHeard = false;
  while (!signal.aborted) {
    try {
      for await (const { changes, complete } of operator.watchChanges({ signal })) {
        if (wait !== FIRST_PAUSE_MS || !complete) queries.invalidateQueries();
        wait = FIRST_PAUSE_MS;
        hasHeard = true;
        onHearing('live');
        for (const { topic } of changes) look(LOOKED_AT[topic]);
      }
    } catch (error) {
      if (signal.aborted) break;
      const ended = error instanceof WAIaaSError && ['INVALID_OPERATOR_TOKEN', 'SYSTEM_LOCKED'].includes(error.code);
      if (ended) {
        const health = await fetchHealth().catch(() => null);
        if (!signal.aborted) onEnded(health !== null && health.killSwitch !== 'NORMAL');
        break;
      }
      onHearing(hasHeard ? 'offline' : 'connecting');
    }
    await pause(wait, signal);
    wait = Math.min(LONGEST_PAUSE_MS, wait * 2);
  }
  clearTimeout(timer);
}
