import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SessionSecrets } from '@waiaas/auth';
import { type Clock, isoTime, type SecretRotationResponse, unixSeconds, WaiaasError } from '@waiaas/core';
import { z } from 'zod';
import { JWT_SECRET_MIN } from '../config/schema.ts';
import { StartFailure } from '../daemon-options.ts';
import { writeFileAtomically } from '../data-dir/index.ts';
import { unlessMissing } from '../system-error.ts';

/** How long the secret before the present one is accepted, seconds; fixed (03 §7). */
const OVERLAP = 300;

const fileSchema = z.strictObject({
  version: z.literal(1),
  /** SHA-256 of the configured secret that these took the place of. */
  replaces: z.string().regex(/^[0-9a-f]{64}$/),
  current: z.string().min(JWT_SECRET_MIN),
  previous: z.string().min(JWT_SECRET_MIN),
  /** Unix seconds. */
  rotatedAt: z.int(),
});
type SecretsFile = z.infer<typeof fileSchema>;

/** The secrets that session tokens are signed with. */
export interface TokenSecrets {
  readonly secrets: SessionSecrets;
  /** Whether a rotation of an earlier run has come to its end meanwhile. */
  readonly overlapEnded: boolean;
  /**
   * Makes a new secret. The one before it is accepted for five more minutes.
   * @param commit leaves the audit row; called before anything changes
   * @throws WaiaasError ROTATION_TOO_RECENT while the last one is not over
   */
  rotate(commit: () => Promise<void>, use: (secrets: SessionSecrets) => void): Promise<SecretRotationResponse>;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The file of an earlier rotation, or null. @throws StartFailure when there is one that cannot be read */
function readSecretsFile(path: string): SecretsFile | null {
  const text = unlessMissing(() => readFileSync(path, 'utf8'), null);
  if (text === null) return null;
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    // Falling back to the configured secret would bring a rotated-away one back to life.
    throw new StartFailure(`${path} cannot be read as the secrets of session tokens.`, {
      exitCode: 1,
      code: 'TOKEN_SECRETS_UNREADABLE',
      hint: 'Restore it from a backup, or remove it to sign with security.jwt_secret again; all sessions then end.',
      cause,
    });
  }
}

/**
 * The secrets of session tokens: the configured one, until it is rotated for the first time; from then on those of a
 * private file beside it. They are kept out of the database, because whoever has both its rows and the secret could make
 * the tokens again. A change of the configured secret wins over the file and ends all sessions, as its comment says.
 *
 * @throws StartFailure when the file of an earlier rotation cannot be read
 */
export function openTokenSecrets(options: {
  readonly path: string;
  readonly configured: string;
  readonly clock: Clock;
}): TokenSecrets {
  const { path, configured, clock } = options;
  const found = readSecretsFile(path);
  const stored = found !== null && found.replaces === sha256(configured) ? found : null;
  /** The overlap of a rotation. A clock that was set back before it began does not make it longer: it is over. */
  const isOver = (rotatedAt: number): boolean => {
    const now = unixSeconds(clock);
    return now < rotatedAt || rotatedAt + OVERLAP <= now;
  };
  const over = stored !== null && isOver(stored.rotatedAt);
  const overlapOf = (secret: string, rotatedAt: number) => ({
    secret,
    validFrom: rotatedAt,
    validUntil: rotatedAt + OVERLAP,
  });

  let current = stored?.current ?? configured;
  /** Unix seconds of the last rotation; null before the first. */
  let last = stored === null ? null : stored.rotatedAt;
  let rotating = false;

  return {
    secrets: {
      current,
      previous: stored === null || over ? null : overlapOf(stored.previous, stored.rotatedAt),
    },
    overlapEnded: over,
    async rotate(commit, use) {
      const now = unixSeconds(clock);
      const wait = last === null || isOver(last) ? 0 : last + OVERLAP - now;
      if (rotating || wait > 0) {
        throw new WaiaasError('ROTATION_TOO_RECENT', { details: { retryAfter: Math.max(1, wait) } });
      }
      rotating = true;
      try {
        await commit();
        const next = randomBytes(32).toString('hex');
        const file: SecretsFile = {
          version: 1,
          replaces: sha256(configured),
          current: next,
          previous: current,
          rotatedAt: now,
        };
        writeFileAtomically(path, `${JSON.stringify(file)}\n`);
        use({ current: next, previous: overlapOf(current, now) });
        current = next;
        last = now;
        return {
          rotated: true,
          timestamp: isoTime(clock.now()),
          previousValidUntil: isoTime((now + OVERLAP) * 1000),
        };
      } finally {
        rotating = false;
      }
    },
  };
}
