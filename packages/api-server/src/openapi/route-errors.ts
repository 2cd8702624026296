import { type ErrorCode, errorEntry } from '@waiaas/core';
import type { RoutePlan } from '../route-plan.ts';

const EVERYWHERE: readonly ErrorCode[] = [
  'VALIDATION_ERROR',
  'INVALID_HOST',
  'INVALID_ORIGIN',
  'RATE_LIMIT_EXCEEDED',
  'INTERNAL_ERROR',
  'SHUTTING_DOWN',
];

const MASTER: readonly ErrorCode[] = ['INVALID_MASTER_PASSWORD', 'MASTER_PASSWORD_LOCKED'];
const OPERATOR: readonly ErrorCode[] = ['UNAUTHORIZED', 'INVALID_OPERATOR_TOKEN', ...MASTER];
const OWNER: readonly ErrorCode[] = ['INVALID_SIGNATURE', 'INVALID_NONCE', 'OWNER_MISMATCH', 'OWNER_NOT_CONNECTED'];

const BY_AUDIENCE: Readonly<Record<NonNullable<RoutePlan['auth']>, readonly ErrorCode[]>> = {
  public: [],
  session: [
    'INVALID_TOKEN',
    'TOKEN_EXPIRED',
    'SESSION_REVOKED',
    'SESSION_EXPIRED',
    // A token of a stopped agent is genuine; its state is told instead (03 §10 step 5).
    'AGENT_SUSPENDED',
    'AGENT_TERMINATED',
  ],
  operator: OPERATOR,
  master: MASTER,
  operatorOrOwner: [...OPERATOR, ...OWNER],
  ownerOnceConnected: [...OPERATOR, ...OWNER, 'OWNER_AUTH_REQUIRED'],
  owner: ['UNAUTHORIZED', ...OWNER],
  masterAndOwner: ['UNAUTHORIZED', ...MASTER, ...OWNER],
  masterAndPossession: ['UNAUTHORIZED', ...MASTER, 'INVALID_SIGNATURE', 'INVALID_NONCE', 'OWNER_MISMATCH'],
  recovery: ['UNAUTHORIZED', ...MASTER, ...OWNER, 'OWNER_AUTH_REQUIRED'],
  sessionCreation: [...OPERATOR, ...OWNER],
};

/** Statuses other than the catalogue's that a code takes on one route (06 §4.1). */
const EXCEPTIONS: ReadonlyMap<string, number> = new Map([
  ['DELETE /v1/sessions/:id SESSION_REVOKED', 409],
  ['DELETE /v1/owner/sessions/:id SESSION_REVOKED', 409],
]);

/** Every error a route can answer, by status: what all routes share, what its audience brings, and its own. */
export function errorsByStatus(plan: RoutePlan, own: readonly ErrorCode[]): ReadonlyMap<number, readonly ErrorCode[]> {
  const takesBody = !plan.name.startsWith('GET ');
  const codes = new Set<ErrorCode>([
    ...EVERYWHERE,
    ...(plan.whileLocked ? [] : (['SYSTEM_LOCKED'] as const)),
    ...(takesBody ? (['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const) : []),
    ...(plan.auth === undefined ? [] : BY_AUDIENCE[plan.auth]),
    ...own,
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const status = EXCEPTIONS.get(`${plan.name} ${code}`) ?? errorEntry(code).status;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
}
