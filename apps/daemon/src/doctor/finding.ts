/** How a check came out. A failure keeps the daemon from working or its promises from holding; a warning does not. */
export type FindingStatus = 'ok' | 'warning' | 'failure' | 'skipped';

/** What one check has found. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly status: FindingStatus;
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** A check that found nothing to say anything about. */
export const ok = (check: string, text: string): Finding => ({ check, status: 'ok', text });
export const warning = (check: string, text: string, hint: string): Finding => ({
  check,
  status: 'warning',
  text,
  hint,
});
export const failure = (check: string, text: string, hint: string): Finding => ({
  check,
  status: 'failure',
  text,
  hint,
});
export const skipped = (check: string, text: string): Finding => ({ check, status: 'skipped', text });
