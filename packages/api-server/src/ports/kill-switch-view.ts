import type { KillSwitchStatus } from '@waiaas/core';

/** What a locked daemon tells about its lock (06 §1.9). */
export interface KillSwitchDetails {
  /** ISO 8601; null when it was never engaged. */
  readonly activatedAt: string | null;
  readonly reason: string | null;
}

/** Read side of the kill switch. Asked at every request, so both answers come from memory. */
export interface KillSwitchView {
  status(): KillSwitchStatus;
  details(): KillSwitchDetails;
}
