import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type KillSwitchResponse, WAIaaSError, type WAIaaSOperatorClient } from '@waiaas/sdk';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { daemonClock } from './daemon-clock.ts';
import { createDaemonFetch } from './daemon-fetch.ts';
import { createOperator } from './operator.ts';
import { createQueryClient } from './query-client.ts';
import { watchDaemon } from './watch-daemon.ts';

/** How long nobody may touch the page before it signs out, milliseconds. The daemon ends idle tokens after 15 minutes. */
const IDLE_MS = 10 * 60_000;
const IDLE_CHECK_MS = 5_000;
/** Whoever works on the page without asking the daemon for anything shows it this often that they are still there. */
const PRESENT_MS = 5 * 60_000;

/** Why nobody is signed in. */
export type SignedOutReason = 'idle' | 'ended' | 'recovered' | 'password';

/** Whether changes are heard as they happen. */
export type Hearing = 'connecting' | 'live' | 'offline' | 'limited';

/** What the page knows of who uses it. The token is inside the client, in memory, and nowhere else. */
export type Presence =
  | { readonly state: 'signedOut'; readonly reason: SignedOutReason | null }
  | { readonly state: 'signedIn'; readonly operator: WAIaaSOperatorClient }
  /** The kill switch is engaged: nothing but recovery answers. With what that has stopped, where it was engaged here. */
  | { readonly state: 'locked'; readonly stopped?: Stopped };

/** What the kill switch has stopped. */
export type Stopped = Pick<KillSwitchResponse, 'sessionsRevoked' | 'transactionsCancelled' | 'agentsSuspended'>;

/** Who uses the page, and how that changes. */
export interface Session {
  readonly presence: Presence;
  readonly hearing: Hearing;
  /** What everything here asks the daemon with. */
  readonly fetch: typeof globalThis.fetch;
  signIn(password: string): Promise<void>;
  signOut(reason?: SignedOutReason): void;
  /** Goes to where the kill switch is engaged. */
  lock(stopped?: Stopped): void;
}

/** The session; given by SessionKeeping. */
export const SessionContext = createContext<Session | null>(null);

/** Whether something that went wrong says that the kill switch is engaged. */
const saysLocked = (error: unknown): boolean => error instanceof WAIaaSError && error.code === 'SYSTEM_LOCKED';

/** Gives everything below it a session with the daemon that served the page. */
export function SessionKeeping({ children }: { readonly children: ReactNode }) {
  const [presence, setPresence] = useState<Presence>({ state: 'signedOut', reason: null });
  const [hearing, setHearing] = useState<Hearing>('connecting');
  const queries = useRef<QueryClient>(undefined);

  const signOut = useCallback((reason: SignedOutReason | null = null) => {
    queries.current?.clear();
    setPresence((present) => {
      // What the daemon answers changes nothing here: the token is dropped, and ends there by itself.
      if (present.state === 'signedIn') present.operator.signOut().catch(() => undefined);
      return { state: 'signedOut', reason };
    });
  }, []);
  const lock = useCallback((stopped?: Stopped) => {
    setPresence((present) => {
      // The stream may have told of it already, which does not know the figures.
      if (stopped !== undefined) return { state: 'locked', stopped };
      return present.state === 'locked' ? present : { state: 'locked' };
    });
  }, []);

  // Whatever is asked, by whichever client: the page goes where the answer says, and what was open gives way.
  const fetch = useMemo(
    () =>
      createDaemonFetch(
        (input, init) => globalThis.fetch(input, init),
        daemonClock,
        Date.now,
        (refusal) => {
          setPresence((present) => {
            if (refusal === 'SYSTEM_LOCKED') return present.state === 'locked' ? present : { state: 'locked' };
            return present.state === 'signedIn' ? { state: 'signedOut', reason: 'ended' } : present;
          });
        },
      ),
    [],
  );

  queries.current ??= createQueryClient();
  const client = queries.current;

  const signIn = useCallback(
    async (password: string) => {
      const operator = createOperator(location.origin, fetch);
      try {
        await operator.signIn(password);
      } catch (error) {
        if (saysLocked(error)) return lock();
        throw error;
      }
      setHearing('connecting');
      setPresence({ state: 'signedIn', operator });
    },
    [lock, fetch],
  );

  const operator = presence.state === 'signedIn' ? presence.operator : null;
  useEffect(() => {
    if (operator === null) return undefined;
    const stop = new AbortController();
    watchDaemon({
      operator,
      queries: client,
      signal: stop.signal,
      onHearing: setHearing,
      onEnded: (isLocked) => (isLocked ? lock() : signOut('ended')),
    });
    return () => {
      stop.abort();
      // Nothing of one sign-in is shown in another.
      client.clear();
    };
  }, [operator, client, lock, signOut]);

  useEffect(() => {
    if (operator === null) return undefined;
    let touched = Date.now();
    let present = touched;
    const touch = (): void => {
      touched = Date.now();
    };
    const check = (): void => {
      const now = Date.now();
      if (now - touched >= IDLE_MS) signOut('idle');
      else if (touched > present && now - present >= PRESENT_MS) {
        present = now;
        // The daemon counts requests, not keystrokes: a long form must not end in a sign-in.
        // Whether that worked is told by the answer to whatever is asked next.
        operator.getStatus().catch(() => undefined);
      }
    };
    const touches = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const;
    for (const name of touches) addEventListener(name, touch, { passive: true });
    // A machine that slept comes back to a page that has been idle all the time.
    document.addEventListener('visibilitychange', check);
    const timer = setInterval(check, IDLE_CHECK_MS);
    return () => {
      for (const name of touches) removeEventListener(name, touch);
      document.removeEventListener('visibilitychange', check);
      clearInterval(timer);
    };
  }, [operator, signOut]);

  const session = useMemo<Session>(
    () => ({ presence, hearing, fetch, signIn, signOut, lock }),
    [presence, hearing, fetch, signIn, signOut, lock],
  );
  return (
    <SessionContext value={session}>
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    </SessionContext>
  );
}

/** The session of the page. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('useSession needs SessionKeeping above it');
  return session;
}

/** The client of whoever is signed in. @throws Error where nobody is: a bug, never a state */
export function useOperator(): WAIaaSOperatorClient {
  const { presence } = useSession();
  if (presence.state !== 'signedIn') throw new Error('Nobody is signed in');
  return presence.operator;
}
