import { describe, expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode, errorEntry, isErrorCode } from './error-catalogue.ts';

type Row = readonly [domain: string, code: ErrorCode, status: number, retryable: boolean];

/** The table of 06 §4.1. */
const DOMAIN_CODES: readonly Row[] = [
  ['AUTH', 'INVALID_TOKEN', 401, false],
  ['AUTH', 'TOKEN_EXPIRED', 401, false],
  ['AUTH', 'SESSION_REVOKED', 401, false],
  ['AUTH', 'INVALID_SIGNATURE', 401, false],
  ['AUTH', 'INVALID_NONCE', 401, false],
  ['AUTH', 'INVALID_MASTER_PASSWORD', 401, false],
  ['AUTH', 'MASTER_PASSWORD_LOCKED', 429, false],
  ['AUTH', 'SYSTEM_LOCKED', 401, false],
  ['SESSION', 'SESSION_NOT_FOUND', 404, false],
  ['SESSION', 'SESSION_EXPIRED', 401, false],
  ['SESSION', 'SESSION_LIMIT_EXCEEDED', 403, false],
  ['SESSION', 'CONSTRAINT_VIOLATED', 403, false],
  ['TX', 'INSUFFICIENT_BALANCE', 400, false],
  ['TX', 'INVALID_ADDRESS', 400, false],
  ['TX', 'TX_NOT_FOUND', 404, false],
  ['TX', 'TX_EXPIRED', 410, false],
  ['TX', 'TX_ALREADY_PROCESSED', 409, false],
  ['TX', 'CHAIN_ERROR', 502, true],
  ['TX', 'SIMULATION_FAILED', 422, false],
  ['POLICY', 'POLICY_DENIED', 403, false],
  ['POLICY', 'SPENDING_LIMIT_EXCEEDED', 403, false],
  ['POLICY', 'RATE_LIMIT_EXCEEDED', 429, true],
  ['POLICY', 'WHITELIST_DENIED', 403, false],
  ['OWNER', 'OWNER_ALREADY_CONNECTED', 409, false],
  ['OWNER', 'OWNER_NOT_CONNECTED', 404, false],
  ['OWNER', 'APPROVAL_TIMEOUT', 410, false],
  ['OWNER', 'APPROVAL_NOT_FOUND', 404, false],
  ['SYSTEM', 'KILL_SWITCH_ACTIVE', 409, false],
  ['SYSTEM', 'KILL_SWITCH_NOT_ACTIVE', 409, false],
  ['SYSTEM', 'KEYSTORE_LOCKED', 503, true],
  ['SYSTEM', 'CHAIN_NOT_SUPPORTED', 400, false],
  ['SYSTEM', 'SHUTTING_DOWN', 503, false],
  ['SYSTEM', 'ADAPTER_NOT_AVAILABLE', 503, true],
  ['AGENT', 'AGENT_NOT_FOUND', 404, false],
  ['AGENT', 'AGENT_SUSPENDED', 409, false],
  ['AGENT', 'AGENT_TERMINATED', 410, false],
];

/** The table of 06 §4.2. */
const FRAMEWORK_CODES: readonly (readonly [code: ErrorCode, status: number, retryable: boolean])[] = [
  ['VALIDATION_ERROR', 400, false],
  ['UNAUTHORIZED', 401, false],
  ['OWNER_MISMATCH', 403, false],
  ['INVALID_HOST', 403, false],
  ['INVALID_ORIGIN', 403, false],
  ['ROUTE_NOT_FOUND', 404, false],
  ['POLICY_NOT_FOUND', 404, false],
  ['PAYLOAD_TOO_LARGE', 413, false],
  ['UNSUPPORTED_MEDIA_TYPE', 415, false],
  ['INTERNAL_ERROR', 500, true],
];

describe('the error catalogue', () => {
  test('has 36 domain codes in seven domains', () => {
    expect(DOMAIN_CODES).toHaveLength(36);
    expect(new Set(DOMAIN_CODES.map(([, code]) => code)).size).toBe(36);
    expect(new Set(DOMAIN_CODES.map(([domain]) => domain)).size).toBe(7);
  });

  test.each(DOMAIN_CODES)('%s: %s is %d, retryable %s', (domain, code, status, retryable) => {
    expect(errorEntry(code)).toMatchObject({ domain, status, retryable });
  });

  test.each(FRAMEWORK_CODES)('%s is %d, retryable %s', (code, status, retryable) => {
    expect(errorEntry(code)).toMatchObject({ status, retryable });
  });

  test.each(ERROR_CODES)('%s tells people what happened, with a status that is an error', (code) => {
    const { status, message, hint } = errorEntry(code);
    expect(message).toMatch(/^[A-Z].*\.$/);
    if (hint !== undefined) expect(hint).toMatch(/^[A-Z].*\.$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
  });

  test('what is refused for good is never called retryable: retryable are only faults and full buckets', () => {
    // A session that is too young to be renewed grows older; the same request succeeds later (03 §13).
    const retryable = ERROR_CODES.filter((code) => errorEntry(code).retryable && code !== 'RENEWAL_TOO_EARLY');
    expect(retryable.every((code) => errorEntry(code).status === 429 || errorEntry(code).status >= 500)).toBe(true);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'invalid_token', 'NETWORK_ERROR'])(
    '%j is no code',
    (word) => expect(isErrorCode(word)).toBe(false),
  );

  test('names of the first version have not come back', () => {
    for (const word of ['AUTH_TOKEN_MISSING', 'TRANSACTION_NOT_FOUND', 'INVALID_TOKEN_FORMAT']) {
      expect(isErrorCode(word)).toBe(false);
    }
  });
});
