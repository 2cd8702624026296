import {
  type AgentStatus,
  agentStatusSchema,
  canonicalJson,
  type Intent,
  isActive,
  NO_USAGE,
  nativeAssetId,
  type SessionConstraints,
  type SessionUsage,
  sessionConstraintsSchema,
  sessionUsageSchema,
} from '@waiaas/core';
import { z } from 'zod';
import { sha256 } from './intent-hash.ts';
import type { Refusal } from './refusal.ts';
import { checkSession, type SessionVerdict } from './session-check.ts';

/*
 * What an agent and a session were when a payment was judged. What they decide is decided from these alone, so that it can
 * be decided again from the record (09 no. 9).
 */

/** What a session was when a payment was asked for. */
export interface SessionStanding {
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  /** SHA-256 of the text of its limits; null where it was over, or is not what was granted. */
  readonly constraints: string | null;
  /** Null when it cannot be read. */
  readonly usage: SessionUsage | null;
  /** What its payments under way held of the native asset, base units. */
  readonly reserved: bigint;
  readonly underWay: number;
}

/** What an agent, and the session that had asked, were when a payment was to leave the queue. */
export interface ClaimStanding {
  /** Null when there is no such agent, or its state is not the one that was sealed. */
  readonly agent: AgentStatus | null;
  /** Null when it has been cleaned up. */
  readonly session: { readonly revokedAt: number | null; readonly authentic: boolean } | null;
}

const sessionStandingSchema = z.strictObject({
  expiresAt: z.int(),
  revokedAt: z.int().nullable(),
  constraints: z.string().nullable(),
  usage: sessionUsageSchema.nullable(),
  reserved: z
    .string()
    .regex(/^(0|[1-9][0-9]*)$/)
    .transform((text) => BigInt(text)),
  underWay: z.int().min(0),
});

const claimStandingSchema = z.strictObject({
  agent: agentStatusSchema.nullable(),
  session: z.strictObject({ revokedAt: z.int().nullable(), authentic: z.boolean() }).nullable(),
});

/** The name that the limits of a session are kept under. */
export const constraintsHash = (text: string): string => sha256(text);

/** The canonical encoding of a standing, for the record. */
export const encodeStanding = (standing: SessionStanding | ClaimStanding): string =>
  'usage' in standing
    ? canonicalJson({ ...standing, usage: standing.usage === null ? null : { ...standing.usage } })
    : canonicalJson({ ...standing, session: standing.session === null ? null : { ...standing.session } });

/** Reads what was recorded. @throws SyntaxError or ZodError for anything else */
export const decodeSessionStanding = (encoded: string): SessionStanding =>
  sessionStandingSchema.parse(JSON.parse(encoded));

/** Reads what was recorded. @throws SyntaxError or ZodError for anything else */
export const decodeClaimStanding = (encoded: string): ClaimStanding => claimStandingSchema.parse(JSON.parse(encoded));

/** Reads the text of a session's limits; null when nothing can be made of it, which denies. */
export function readConstraints(text: string): SessionConstraints | null {
  const parsed = sessionConstraintsSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

/** Usage that cannot be read counts as used up. */
const USED_UP: SessionUsage = { ...NO_USAGE, totalTx: Number.MAX_SAFE_INTEGER, totalAmount: '9'.repeat(78) };

/**
 * The session's verdict on a payment (04 §6.2).
 * @param constraints what the standing names
 * @param now Unix seconds
 */
export function judgeSession(
  { expiresAt, revokedAt, usage, reserved, underWay }: SessionStanding,
  constraints: SessionConstraints | null,
  intent: Pick<Intent, 'type' | 'chain' | 'asset' | 'amount' | 'to'>,
  now: number,
): SessionVerdict {
  const refused = (refusal: Refusal): SessionVerdict => ({
    refusal,
    criteria: [{ rule: 'session', observed: refusal.token, limit: null, passed: false }],
  });
  if (!isActive({ expiresAt, revokedAt }, now)) {
    const code = revokedAt === null ? 'SESSION_EXPIRED' : 'SESSION_REVOKED';
    return refused({ code, token: code });
  }
  if (constraints === null) return refused({ code: 'INVALID_TOKEN', token: 'SESSION_NOT_AUTHENTIC' });
  const { type, chain, asset, amount, to } = intent;
  return checkSession(
    constraints,
    { type, asset, nativeAsset: nativeAssetId(chain), amount, to },
    { usage: usage ?? USED_UP, reserved, underWay },
  );
}

export const SUSPENDED: Refusal = { code: 'AGENT_SUSPENDED', token: 'AGENT_SUSPENDED' };
export const REVOKED: Refusal = { code: 'SESSION_REVOKED', token: 'SESSION_REVOKED' };
export const FORGED_SESSION: Refusal = {
  code: 'POLICY_DENIED',
  token: 'SESSION_NOT_AUTHENTIC',
  message: 'The session that asked for the payment is not as this daemon has stored it.',
};

/**
 * Why a payment must not leave the queue whatever the policies say; null when nothing of that is in its way (04 §19). A
 * session that was cleaned up had expired by itself, which does not end what it asked for (04 §14).
 */
export function objectionOf({ agent, session }: ClaimStanding): Refusal | null {
  if (agent !== 'ACTIVE') return SUSPENDED;
  if (session === null) return null;
  if (session.revokedAt !== null) return REVOKED;
  return session.authentic ? null : FORGED_SESSION;
}
