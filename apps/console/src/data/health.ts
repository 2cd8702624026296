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
  const health: unknown = await response.json();
  if (!isHealth(health)) throw new Error('The answer is not one of the daemon');
  return health;
}

const STATES: readonly unknown[] = ['NORMAL', 'ACTIVATED', 'RECOVERING'] satisfies readonly Health['killSwitch'][];

/** Something else may answer on the port; it must neither lock the page nor unlock it. */
const isHealth = (answer: unknown): answer is Health =>
  typeof answer === 'object' && answer !== null && 'killSwitch' in answer && STATES.includes(answer.killSwitch);
