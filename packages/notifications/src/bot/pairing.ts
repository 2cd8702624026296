import type { Clock, RandomBytes } from '@waiaas/core';

/** A chat that wants to become the one the owner steers the daemon from. */
export interface PairingRequest {
  readonly chatId: string;
  /** How whoever is in it calls themselves: their own choice. */
  readonly chatName: string;
  readonly locale: 'en' | 'ko';
}

/** Codes by which the owner, at the daemon, says which chat is theirs (05 §5.4). In memory: a restart voids them. */
export interface Pairing {
  /** Makes a code for a chat; the one it had is void. Null while too many are out. */
  issue(request: PairingRequest): string | null;
  /** Takes a code: good once, for five minutes. Undefined for anything else; after five such, all codes are void. */
  take(code: string): PairingRequest | undefined;
}

/** How long a code is good, ms. */
export const PAIRING_LIFE_MS = 300_000;
/** Codes that are out at once: each makes guessing one easier. */
const OUT_MAX = 20;
/** Wrong codes in a row after which all are void. */
const WRONG_MAX = 5;
const CODES = 1_000_000;

/** Makes it, with no code out. */
export function createPairing({
  clock,
  randomBytes,
}: {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}): Pairing {
  const out = new Map<string, PairingRequest & { readonly until: number }>();
  let wrong = 0;

  /** Six digits, all equally likely. */
  function newCode(): string {
    for (;;) {
      const number = Buffer.from(randomBytes(4)).readUInt32BE(0);
      const code = String(number % CODES).padStart(6, '0');
      if (number < 2 ** 32 - (2 ** 32 % CODES) && !out.has(code)) return code;
    }
  }

  function forget(accepts: (request: PairingRequest & { readonly until: number }) => boolean): void {
    for (const [code, request] of out) if (accepts(request)) out.delete(code);
  }

  return {
    issue(request) {
      const now = clock.now();
      forget(({ until, chatId }) => until <= now || chatId === request.chatId);
      if (out.size >= OUT_MAX) return null;
      const code = newCode();
      out.set(code, { ...request, until: now + PAIRING_LIFE_MS });
      return code;
    },
    take(code) {
      const now = clock.now();
      forget(({ until }) => until <= now);
      const found = out.get(code);
      if (found === undefined) {
        wrong += 1;
        if (wrong >= WRONG_MAX) out.clear();
        return undefined;
      }
      out.clear();
      wrong = 0;
      const { chatId, chatName, locale } = found;
      return { chatId, chatName, locale };
    },
  };
}
