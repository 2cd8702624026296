import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { WAIaaSError, WAIaaSOperatorClient } from '@waiaas/sdk';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { watchDaemon } from './watch-daemon.ts';

/** How long nobody may touch the page before it signs out, milliseconds. The daemon ends idle tokens after 15 minutes. */
const IDLE_MS = 10 * 60_000;
const IDLE_CHECK_MS = 5_000;

/** Why nobody is signed in. */
export type SignedOutReason = 'idle' | 'ended' | 'recovered' | 'password';

/** Whether changes are heard as they happen. */
export type Hearing = 'connecting' | 'live' | 'offline';

/** What the page knows of who uses it. The token is inside the client, in memory, and nowhere else. */
export type Presence =
  | { readonly state: 'signedOut'; readonly reason: SignedOutReason | null }
  | { readonly state: 'signedIn'; readonly operator: WAIaaSOperatorClient }
  /** The kill switch is engaged: nothing but recovery answers. */
  | { readonly state: 'locked' };

interface Session {
  readonly presence: Presence;
  readonly hearing: Hearing;
  signIn(password: string): Promise<void>;
  signOut(reason?: SignedOutReason): void;
  /** Goes to where the kill switch is engaged. */
  lock(): void;
}

const Context = createContext<Session | null>(null);

/** Whether something that went wrong says that the kill switch is engaged. */
const saysLocked = (error: unknown): boolean => error instanceof WAIaaSError && error.code === 'SYSTEM_LOCKED';
const saysEnded = (error: unknown): boolean => error instanceof WAIaaSError && error.code === 'INVALID_OPERATOR_TOKEN';

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
  const lock = useCallback(() => {
    queries.current?.clear();
    setPresence({ state: 'locked' });
  }, []);

  queries.current ??= new QueryClient({
    queryCache: new QueryCache({
      onError(error) {
        if (saysLocked(error)) lock();
        else if (saysEnded(error)) signOut('ended');
      },
    }),
    defaultOptions: {
      queries: {
        // Changes are told as they happen; asking again and again is not needed.
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => count < 1 && error instanceof WAIaaSError && error.retryable,
      },
    },
  });
  const client = queries.current;

  const signIn = useCallback(
    async (password: string) => {
      const operator = new WAIaaSOperatorClient({ baseUrl: location.origin });
      try {
        await operator.signIn(password);
      } catch (error) {
        if (saysLocked(error)) return lock();
        throw error;
      }
      setHearing('connecting');
      setPresence({ state: 'signedIn', operator });
    },
    [lock],
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
    return () => stop.abort();
  }, [operator, client, lock, signOut]);

  useEffect(() => {
    if (operator === null) return undefined;
    let touched = Date.now();
    const touch = (): void => {
      touched = Date.now();
    };
    const check = (): void => {
      if (Date.now() - touched >= IDLE_MS) signOut('idle');
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
    () => ({ presence, hearing, signIn, signOut, lock }),
    [presence, hearing, signIn, signOut, lock],
  );
  return (
    <Context value={session}>
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    </Context>
  );
}

/** The session of the page. */
export function useSession(): Session {
  const session = useContext(Context);
  if (session === null) throw new Error('useSession needs SessionKeeping above it');
  return session;
}

/** The client of whoever is signed in. @throws Error where nobody is: a bug, never a state */
export function useOperator(): WAIaaSOperatorClient {
  const { presence } = useSession();
  if (presence.state !== 'signedIn') throw new Error('Nobody is signed in');
  return presence.operator;
}
