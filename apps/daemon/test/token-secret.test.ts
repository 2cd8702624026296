import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makePlace, type Place } from './waiaas.ts';

let place: Place;
beforeEach(async () => {
  place = makePlace();
  expect((await place.run(['init', '--password-file', place.passwordFile, '--non-interactive'])).code).toBe(0);
});
afterEach(() => place.clean());

describe('the program does not start', () => {
  test.each([
    ['an empty secret for session tokens', ''],
    ['one of 31 characters', 'x'.repeat(31)],
  ])('with %s: everybody could mint tokens', async (_what, secret) => {
    const { code, err } = await place.run(['start', '--password-file', place.passwordFile], {
      WAIAAS_SECURITY_JWT_SECRET: secret,
    });
    expect(code).not.toBe(0);
    expect(err).toContain('jwt_secret');
    expect(err).toContain('32');
    if (secret !== '') expect(err).not.toContain(secret);
  });
});
