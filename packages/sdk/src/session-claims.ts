import { base64urlnopad } from '@scure/base';

/** What a client reads in its own session token. */
export interface SessionClaims {
  readonly sessionId: string;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** Reads a session token, without being able to check it; null for one that says nothing of this. */
export function readSessionClaims(token: string): SessionClaims | null {
  const payload = parse(token.split('.')[1] ?? '');
  if (typeof payload !== 'object' || payload === null) return null;
  if (!('sid' in payload && 'iat' in payload && 'exp' in payload)) return null;
  const { sid, iat, exp } = payload;
  if (typeof sid !== 'string' || typeof iat !== 'number' || typeof exp !== 'number') return null;
  return { sessionId: sid, issuedAt: iat, expiresAt: exp };
}

function parse(encoded: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(base64urlnopad.decode(encoded)));
  } catch {
    return null;
  }
}
