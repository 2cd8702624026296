import { WAIaaSError } from '@waiaas/sdk';

/** Whoever is told to stay away for longer is told so, and asks by themselves. Milliseconds. */
export const LONGEST_WAIT_MS = 60_000;

/** How long the daemon wants to be left alone after an error, milliseconds; 0 where it does not say. */
export function retryAfterMs(error: unknown): number {
  if (!(error instanceof WAIaaSError)) return 0;
  const { retryAfter } = error.details ?? {};
  return typeof retryAfter === 'number' && retryAfter > 0 ? retryAfter * 1000 : 0;
}
