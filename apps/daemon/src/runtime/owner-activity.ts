import type { SignedBy } from '@waiaas/auth';
import type { Logger, OwnerAction } from '@waiaas/core';

/**
 * Notes when the owner last signed. That is for people: not being able to note it must not undo what was signed.
 *
 * The kill switch does not wait for it: a write stands behind all payments that are being written, and signing goes on until
 * the gate is closed (05 §3).
 *
 * @returns resolves with the signer; never rejects
 */
export function createActivityNote({
  touch,
  logger,
}: {
  readonly touch: () => Promise<void>;
  readonly logger: Logger;
}): (signer: SignedBy, action: OwnerAction) => Promise<SignedBy> {
  return async (signer, action) => {
    const noted = touch().catch((error: unknown) =>
      logger.warn({ error: String(error) }, 'The activity of the owner could not be noted'),
    );
    if (action !== 'kill_switch') await noted;
    return signer;
  };
}
