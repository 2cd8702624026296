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

/** Since when everything is locked, and why; null where the daemon does not say. */
export interface Lock {
  /** ISO 8601. */
  readonly activatedAt: string | null;
  readonly reason: string | null;
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/**
 * Asks why the daemon is locked. It says so to whoever is refused for it, before it looks at who asks.
 * @returns null where it is locked no more, or says nothing
 */
export async function fetchLock(): Promise<Lock | null> {
  const answer = await fetch('/v1/owner/status', { cache: 'no-store', signal: AbortSignal.timeout(10_000) });
  const body: unknown = await answer.json();
  if (!isFields(body) || body.code !== 'SYSTEM_LOCKED' || !isFields(body.details)) return null;
  const { activatedAt, reason } = body.details;
  return {
    activatedAt: typeof activatedAt === 'string' ? activatedAt : null,
    reason: typeof reason === 'string' ? reason : null,
  };
}
