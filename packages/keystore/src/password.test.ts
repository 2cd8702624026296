import fc from 'fast-check';
import { expect, test } from 'vitest';
import { passwordProblem } from './password.ts';

test.each(['twelve chars', 'x'.repeat(12), '~'.repeat(128), 'inner  spaces are fine'])('%j may be set', (password) => {
  expect(passwordProblem(password)).toBeNull();
});

test.each([
  '',
  'x'.repeat(11),
  'x'.repeat(129),
  ' leading space',
  'trailing space ',
  'umlauts are öut',
  'a control\u0007 character',
  'a new line\nin it',
  'emoji 🔑🔑🔑🔑🔑',
])('%j may not be set', (password) => {
  expect(passwordProblem(password)).not.toBeNull();
});

test('whatever may be set travels in a header unchanged, and no finding repeats the password', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 140 }), (password) => {
      const problem = passwordProblem(password);
      if (problem === null)
        expect(new Headers({ 'x-master-password': password }).get('x-master-password')).toBe(password);
      else if (password.length > 12) expect(problem).not.toContain(password);
    }),
  );
});
