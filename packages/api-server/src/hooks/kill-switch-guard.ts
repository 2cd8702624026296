import { WaiaasError } from '@waiaas/core';
import type { KillSwitchView } from '../ports/kill-switch-view.ts';
import type { Step } from './step.ts';

/**
 * Step 8: while the kill switch is not NORMAL only the routes of 00 §3 answer. It looks at the matched route, never at
 * the path, so no spelling of a path can pass for another; and it runs before sign-in, so that nobody's token is looked
 * up while locked (06 §1.9).
 */
export const killSwitchGuard =
  (killSwitch: KillSwitchView): Step =>
  (request) => {
    if (killSwitch.status() === 'NORMAL' || request.plan?.whileLocked === true) return undefined;
    const { activatedAt, reason } = killSwitch.details();
    throw new WaiaasError('SYSTEM_LOCKED', { details: { activatedAt, reason } });
  };
