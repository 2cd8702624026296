import { WaiaasError } from '@waiaas/core';
import type { Step } from './step.ts';

/** Step 3: once shutdown has begun, nothing new is started (06 §1.3). */
export const shutdownGuard =
  (shutdown: AbortSignal): Step =>
  () => {
    if (shutdown.aborted) throw new WaiaasError('SHUTTING_DOWN');
    return undefined;
  };
