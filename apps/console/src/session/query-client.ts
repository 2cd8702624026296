import { QueryClient } from '@tanstack/react-query';
import { WAIaaSError } from '@waiaas/sdk';
import { daemonClock } from './daemon-clock.ts';
import { LONGEST_WAIT_MS, retryAfterMs } from './retry-after.ts';

/** Attempts after the first; a change that is told, and the stream once it is back, asks anew in any case. */
const MOST_RETRIES = 2;
/** A daemon that limits the page is not to be asked more often for that. */
const MOST_RETRIES_LEFT_ALONE = 1;
const FIRST_PAUSE_MS = 1_000;

const dues = new WeakMap<object, number>();

/** When what has failed so is asked again by itself, ms since 1970 by the clock of the daemon; undefined where it is not. */
export const askedAgainAt = (failure: unknown): number | undefined =>
  typeof failure === 'object' && failure !== null ? dues.get(failure) : undefined;

/** Whether something that failed is asked again by itself. */
const isAskedAgain = (retries: number, error: unknown): boolean =>
  retries < (retryAfterMs(error) > 0 ? MOST_RETRIES_LEFT_ALONE : MOST_RETRIES) &&
  error instanceof WAIaaSError &&
  error.retryable &&
  retryAfterMs(error) <= LONGEST_WAIT_MS;

/** Makes what remembers the answers of the daemon, and asks again only where there is a reason to. */
export const createQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        // The daemon is on this machine: whether the machine is on a network has nothing to do with it.
        networkMode: 'always',
        // Changes are told as they happen; asking again and again is not needed.
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        // Here and nowhere below: what is slept out inside the client is seen by nobody.
        retry: isAskedAgain,
        retryDelay(retries, error) {
          const pause = Math.max(FIRST_PAUSE_MS * 2 ** retries, retryAfterMs(error));
          if (isAskedAgain(retries, error)) dues.set(error, daemonClock.now() + pause);
          return pause;
        },
      },
    },
  });
