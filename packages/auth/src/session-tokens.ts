import { createHmac, createSecretKey, hash as digest, timingSafeEqual } from 'node:crypto';
import {
  type AgentId,
  type Clock,
  type DetailsOf,
  isAgentId,
  isSessionId,
  type SessionId,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';

/** Every session token starts with this, so that it is recognised before anything is parsed (03 §7). */
export const SESSION_TOKEN_PREFIX = 'wai_sess_';

/** What a new token says. */
export interface SessionTokenClaims {
  readonly sessionId: SessionId;
  readonly agentId: AgentId;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Unix seconds; from this second on the token is refused. */
  readonly expiresAt: number;
}

/** What a genuine token said. Who may do what is read from the session's row, never from here. */
export interface VerifiedSessionToken {
  readonly sessionId: SessionId;
  readonly agentId: AgentId;
  /** Unix seconds. */
  readonly expiresAt: number;
  /**
   * Unix seconds at which it ends with the secret it was signed with, because that has been rotated; null for a token of
   * the present secret. A session of such a token is renewed by then, or over.
   */
  readonly renewBy: number | null;
}

/** Makes and checks session tokens. */
export interface SessionTokens {
  /** A new token. @throws RangeError when the times are not whole seconds in the right order. */
  issue(claims: SessionTokenClaims): string;
  /**
   * Checks a token without any I/O. Only exactly what `issue` writes under the same secret is accepted.
   * @throws WaiaasError INVALID_TOKEN with the reason, or TOKEN_EXPIRED for a genuine token whose time is over.
   */
  verify(token: string): VerifiedSessionToken;
  /** SHA-256 of the whole token, lower-case hex: the only trace of it that is stored (03 §8). */
  hash(token: string): string;
  /**
   * Signs with other secrets from now on. Tokens signed with a secret that is neither the current nor the previous one
   * are refused at once.
   * @throws RangeError when a secret is too short
   */
  useSecrets(secrets: SessionSecrets): void;
}

/** The secrets that session tokens are signed with, at least 32 characters each; their UTF-8 bytes are the HMAC keys. */
export interface SessionSecrets {
  /** Signs every new token. */
  readonly current: string;
  /**
   * Signs none any more, but is accepted from the rotation on and before its end, Unix seconds (03 §7: five minutes). A
   * clock that was set back before the rotation does not make it longer.
   */
  readonly previous: { readonly secret: string; readonly validFrom: number; readonly validUntil: number } | null;
}

/** What session tokens are made of. */
export interface SessionTokensOptions {
  /** The signing secret where there is but one. */
  readonly secret: string;
  /** The secret before it. */
  readonly previous?: SessionSecrets['previous'];
  readonly clock: Clock;
}

const MIN_SECRET_LENGTH = 32;
/** A genuine token has about 330 characters. */
const MAX_TOKEN_LENGTH = 1024;
const ISSUER = 'waiaas';
const encode = (text: string): string => Buffer.from(text).toString('base64url');
/** Genuine tokens that are remembered at most, for each secret. */
const REMEMBERED = 10_000;
/** The only header there is. Comparing its text leaves no room for another algorithm, `kid`, `jku` or `crit`. */
const HEADER = encode(JSON.stringify({ alg: 'HS256', typ: 'JWT' }));

const encodePayload = (claims: SessionTokenClaims): string =>
  encode(
    JSON.stringify({
      iss: ISSUER,
      iat: claims.issuedAt,
      exp: claims.expiresAt,
      jti: claims.sessionId,
      sid: claims.sessionId,
      aid: claims.agentId,
    }),
  );

const refusal = (reason: DetailsOf<'INVALID_TOKEN'>['reason']): WaiaasError =>
  new WaiaasError('INVALID_TOKEN', { details: { reason } });

/**
 * Session tokens: `wai_sess_` and a JWT in compact form, HMAC-SHA256 (03 §7).
 *
 * @throws RangeError when the secret has fewer than 32 characters: with an empty one everybody could mint tokens.
 * @example
 * const tokens = createSessionTokens({ secret, clock: systemClock });
 * tokens.verify(tokens.issue({ sessionId, agentId, issuedAt, expiresAt })).sessionId;
 */
export function createSessionTokens({ secret, previous = null, clock }: SessionTokensOptions): SessionTokens {
  let signers = readSecrets({ current: secret, previous });

  function readGenuine(token: string): { readonly claims: SessionTokenClaims; readonly signer: Signer } {
    if (!token.startsWith(SESSION_TOKEN_PREFIX) || token.length > MAX_TOKEN_LENGTH) throw refusal('malformed');
    const hash = digest('sha256', token, 'hex');
    const now = unixSeconds(clock);
    const accepted = signers.filter(({ validFrom, validUntil }) => validFrom <= now && now < validUntil);
    for (const signer of accepted) {
      const claims = signer.genuine.get(hash);
      if (claims !== undefined) return { claims, signer };
    }
    const [header, payload, signature, ...rest] = token.slice(SESSION_TOKEN_PREFIX.length).split('.');
    if (header !== HEADER || payload === undefined || signature === undefined || rest.length > 0) {
      throw refusal('malformed');
    }
    // Texts are compared, not bytes they decode to: base64url has several spellings of the same bytes.
    const signer = accepted.find(({ sign }) => equalInConstantTime(signature, sign(`${HEADER}.${payload}`)));
    if (signer === undefined) throw refusal('signature');
    const claims = readPayload(payload);
    if (claims === null) throw refusal('malformed');
    if (signer.genuine.size >= REMEMBERED) signer.genuine.clear();
    signer.genuine.set(hash, claims);
    return { claims, signer };
  }

  return {
    issue(claims) {
      if (!areOrderedSeconds(claims.issuedAt, claims.expiresAt)) {
        throw new RangeError('A session token needs whole seconds, its expiry after its issue');
      }
      const signed = `${HEADER}.${encodePayload(claims)}`;
      return `${SESSION_TOKEN_PREFIX}${signed}.${signers[0].sign(signed)}`;
    },

    verify(token) {
      const { claims, signer } = readGenuine(token);
      const { sessionId, agentId, expiresAt } = claims;
      if (expiresAt <= unixSeconds(clock)) throw new WaiaasError('TOKEN_EXPIRED');
      return { sessionId, agentId, expiresAt, renewBy: signer.validUntil === Infinity ? null : signer.validUntil };
    },

    hash: (token) => digest('sha256', token, 'hex'),

    useSecrets(secrets) {
      signers = readSecrets(secrets);
    },
  };
}

/** A secret at work. */
interface Signer {
  readonly sign: (signed: string) => string;
  /** Unix seconds; before it, it counts for nothing. */
  readonly validFrom: number;
  /** Unix seconds; from then on it counts for nothing. Infinity for the present secret. */
  readonly validUntil: number;
  /**
   * A genuine token stays genuine, so its signature is worked out once; whether its time is over is asked every time. Kept
   * by hash, and with the secret: the memory holds no token, and forgets with the secret.
   */
  readonly genuine: Map<string, SessionTokenClaims>;
}

function createSigner(secret: string, validFrom: number, validUntil: number): Signer {
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new RangeError(`The secret of session tokens must have at least ${MIN_SECRET_LENGTH} characters`);
  }
  const key = createSecretKey(Buffer.from(secret, 'utf8'));
  return {
    sign: (signed) => createHmac('sha256', key).update(signed).digest('base64url'),
    validFrom,
    validUntil,
    genuine: new Map(),
  };
}

const readSecrets = ({ current, previous }: SessionSecrets): readonly [Signer, ...Signer[]] => [
  createSigner(current, -Infinity, Infinity),
  ...(previous === null ? [] : [createSigner(previous.secret, previous.validFrom, previous.validUntil)]),
];

const areOrderedSeconds = (issuedAt: unknown, expiresAt: unknown): boolean =>
  isSeconds(issuedAt) && isSeconds(expiresAt) && issuedAt < expiresAt;

const isSeconds = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** UTF-8 keeps different texts different; one byte a character would fold some of them together. */
function equalInConstantTime(given: string, expected: string): boolean {
  const left = Buffer.from(given, 'utf8');
  const right = Buffer.from(expected, 'utf8');
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Claims of a payload whose signature is genuine, or null when `issue` would not have written exactly this text. */
function readPayload(payload: string): SessionTokenClaims | null {
  let raw: unknown;
  try {
    raw = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return null;
  const { iss, iat, exp, jti, sid, aid }: Readonly<Record<string, unknown>> = { ...raw };
  if (iss !== ISSUER || jti !== sid) return null;
  if (typeof sid !== 'string' || !isSessionId(sid) || typeof aid !== 'string' || !isAgentId(aid)) return null;
  if (!isSeconds(iat) || !isSeconds(exp) || !areOrderedSeconds(iat, exp)) return null;
  const claims: SessionTokenClaims = { sessionId: sid, agentId: aid, issuedAt: iat, expiresAt: exp };
  // Refuses further claims, repeated keys, other spellings of numbers and texts, and junk between the characters.
  return encodePayload(claims) === payload ? claims : null;
}
