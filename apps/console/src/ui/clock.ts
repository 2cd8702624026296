import { useSyncExternalStore } from 'react';
import { daemonClock } from '../session/daemon-clock.ts';

const SECOND_MS = 1000;

/** The second that ends next: what is over at the daemon never looks open, and within a second everybody reads the same. */
const present = (): number => Math.ceil(daemonClock.now() / SECOND_MS) * SECOND_MS;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all that look at it: however many they are, they go on together, and are drawn once. */
function listen(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const tell of listeners) tell();
  }, SECOND_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present time of the daemon, ms since 1970, told once a second for as long as somebody looks. */
export const useNow = (): number => useSyncExternalStore(listen, present, present);
