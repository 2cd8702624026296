import type { SessionRenewResponse } from '@waiaas/core';
import { openAbortScope } from './abort-scope.ts';
import { localError, WAIaaSError } from './error.ts';
import { ABORTED } from './exchange.ts';
import { readSessionClaims } from './session-claims.ts';

/** Renews the session while the client is in use. */
export interface AutoRenew {
  /**
   * Told the new token, before anything is sent with it. The old one has ended: what is not kept here is lost when the
   * process ends.
   */
  readonly onRenewed: (renewed: SessionRenewResponse) => void | Promise<void>;
  /** Told why a renewal did not happen. The session goes on until its end. */
  readonly onRefused: (error: WAIaaSError) => void;
}

/** What an agent's calls go through while its token may be exchanged. */
export interface RenewalGate {
  /**
   * Takes note of what an answer said: that the token it was asked for with ends at a time of its own, because the
   * daemon's secret was rotated. It is renewed before the next call then.
   * @param renewBy ISO 8601, or null where the answer said nothing
   */
  noteRenewBy(token: string | undefined, renewBy: string | null): void;
  /** Runs a call once no renewal is under way or due. */
  run<T>(signals: readonly (AbortSignal | undefined)[], call: () => Promise<T>): Promise<T>;
}

/** What a gate is made of. */
export interface RenewalGateOptions {
  readonly autoRenew: AutoRenew;
  readonly token: () => string | undefined;
  readonly renew: () => Promise<SessionRenewResponse>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The daemon renews from half of a session's life on; a clock that is a little off had better not ask too early. */
const DUE = 0.7;
/** No renewal leads anywhere after these. */
const FINAL: readonly string[] = ['RENEWAL_LIMIT_REACHED', 'SESSION_ABSOLUTE_LIFETIME_EXCEEDED'];
const LEAST_PAUSE = 1000;

/**
 * Lets calls through, and renews between them when it is time. The old token ends with the renewal, so the calls that are
 * under way with it are waited for, and those that come meanwhile wait.
 */
export function createRenewalGate({ autoRenew, token, renew, now }: RenewalGateOptions): RenewalGate {
  let underWay = 0;
  let whenIdle: (() => void) | null = null;
  let renewing: Promise<void> | null = null;
  /** The token that was last refused, and when another attempt makes sense. */
  let refused: { readonly token: string; readonly until: number } | null = null;
  /** The token that ends before its time, and when. */
  let ending: { readonly token: string; readonly at: number } | null = null;

  /** When the token ends, by what it says or by what the daemon has said since. Epoch milliseconds. */
  const endOf = (current: string, expiresAt: number): number =>
    ending?.token === current ? Math.min(ending.at, expiresAt * 1000) : expiresAt * 1000;

  function isDue(): boolean {
    const current = token();
    const claims = current === undefined ? null : readSessionClaims(current);
    if (claims === null) return false;
    if (refused !== null && refused.token === current && now() < refused.until) return false;
    if (ending?.token === current) return true;
    const [from, to] = [claims.issuedAt * 1000, claims.expiresAt * 1000];
    return now() >= from + (to - from) * DUE && now() < to;
  }

  async function renewOnceIdle(): Promise<void> {
    const old = token();
    if (underWay > 0) {
      await new Promise<void>((resolve) => {
        whenIdle = resolve;
      });
    }
    // Set anew meanwhile, by the caller.
    if (old === undefined || token() !== old) return;
    let renewed: SessionRenewResponse;
    try {
      renewed = await renew();
    } catch (error) {
      if (!(error instanceof WAIaaSError)) throw error;
      const end = endOf(old, readSessionClaims(old)?.expiresAt ?? 0);
      const pause = FINAL.includes(error.code) ? Infinity : Math.max(LEAST_PAUSE, (end - now()) / 4);
      refused = { token: old, until: now() + pause };
      autoRenew.onRefused(error);
      return;
    }
    await autoRenew.onRenewed(renewed);
  }

  async function pass(): Promise<void> {
    while (renewing !== null || isDue()) {
      renewing ??= renewOnceIdle()
        .catch((error: unknown) => {
          throw new WAIaaSError({
            ...localError('INVALID_ARGUMENT', 'A callback of autoRenew failed; the request was not sent'),
            cause: error,
          });
        })
        .finally(() => {
          renewing = null;
        });
      await renewing;
    }
    underWay += 1;
  }

  return {
    noteRenewBy(asked, renewBy) {
      const at = renewBy === null ? Number.NaN : Date.parse(renewBy);
      if (asked !== undefined && asked === token() && !Number.isNaN(at)) ending = { token: asked, at };
    },

    async run(signals, call) {
      const scope = openAbortScope(signals);
      try {
        if (renewing !== null || isDue()) {
          const aborted = new Promise<never>((_resolve, reject) => {
            const end = (): void => reject(new WAIaaSError(ABORTED));
            if (scope.signal.aborted) end();
            else scope.signal.addEventListener('abort', end, { once: true });
          });
          let gaveUp = false;
          const passed = pass().then(() => {
            // Nobody waits any more: the place is given back.
            if (gaveUp) leave();
          });
          try {
            await Promise.race([passed, aborted]);
          } catch (error) {
            gaveUp = true;
            throw error;
          }
        } else underWay += 1;
      } finally {
        scope.close();
      }
      try {
        return await call();
      } finally {
        leave();
      }
    },
  };

  function leave(): void {
    underWay -= 1;
    if (underWay > 0) return;
    whenIdle?.();
    whenIdle = null;
  }
}
