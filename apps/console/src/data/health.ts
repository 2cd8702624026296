/** What anybody may know of the daemon. */
export interface Health {
  readonly status: string;
  readonly version: string;
  readonly uptime: number;
  readonly killSwitch: 'NORMAL' | 'ACTIVATED' | 'RECOVERING';
}

/** Asks the daemon how it is; needs no sign-in, and answers while everything else is locked. */
export async function fetchHealth(): Promise<Health> {
  const response = await fetch('/health', { cache: 'no-store', signal: AbortSignal.timeout(10_000) });
  return response.json();
}
