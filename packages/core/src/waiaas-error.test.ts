import { describe, expect, test } from 'vitest';
import { errorBodySchema, isWaiaasError, toJson, validationError, WaiaasError } from './index.ts';

const overCap = () =>
  new WaiaasError('SPENDING_LIMIT_EXCEEDED', {
    details: {
      cap: 'daily_max',
      asset: 'ethereum:native',
      limit: 2n ** 64n,
      spent: 2n ** 63n,
      reserved: 0n,
      requested: 2n ** 255n,
      remaining: 2n ** 63n,
      policyId: '0192f3a1-7c4d-7abc-9def-000000000001',
    },
  });

describe('an error of the catalogue', () => {
  test('takes status, message, retryable and hint from the catalogue', () => {
    const error = new WaiaasError('CHAIN_ERROR');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'WaiaasError', status: 502, retryable: true });
    expect(error.message).not.toBe('');
    expect(error.hint).toBeDefined();
  });

  test('can be told more exactly where it occurs', () => {
    const cause = new Error('refused');
    const error = new WaiaasError('SESSION_REVOKED', {
      message: 'Twice.',
      status: 409,
      retryable: true,
      hint: 'x',
      cause,
    });
    expect(error).toMatchObject({ message: 'Twice.', status: 409, retryable: true, hint: 'x', cause });
  });

  test('goes out flat, with details in bigint, as the documented body', () => {
    const body: unknown = JSON.parse(toJson(overCap().toBody('req-1')));
    expect(errorBodySchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      code: 'SPENDING_LIMIT_EXCEEDED',
      requestId: 'req-1',
      retryable: false,
      details: { limit: '18446744073709551616', requested: (2n ** 255n).toString() },
    });
  });

  test('never sends its cause, its stack or its status', () => {
    const error = new WaiaasError('INTERNAL_ERROR', { cause: new Error('database file /home/alice is locked') });
    const sent = toJson(error.toBody('req-1'));
    expect(sent).not.toContain('alice');
    expect(Object.keys(JSON.parse(sent)).sort()).toEqual(['code', 'hint', 'message', 'requestId', 'retryable']);
  });

  test('has no empty fields in its body', () => {
    const sent = toJson(new WaiaasError('TX_NOT_FOUND').toBody('req-1'));
    expect(sent).not.toContain('details');
    expect(sent).not.toContain('hint');
  });

  test('is told from other errors, and by code', () => {
    expect(isWaiaasError(overCap())).toBe(true);
    expect(isWaiaasError(overCap(), 'SPENDING_LIMIT_EXCEEDED')).toBe(true);
    expect(isWaiaasError(overCap(), 'POLICY_DENIED')).toBe(false);
    expect(isWaiaasError({ code: 'POLICY_DENIED', name: 'WaiaasError' })).toBe(false);
    expect(isWaiaasError(null)).toBe(false);
  });

  test('a validation error carries its findings', () => {
    const issues = [{ path: 'amount', code: 'invalid_format', message: 'must be a decimal string' }];
    expect(validationError(issues).toBody('r')).toMatchObject({ code: 'VALIDATION_ERROR', details: { issues } });
  });
});
