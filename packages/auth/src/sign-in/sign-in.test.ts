import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { SiweMessage } from 'siwe';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkSignIn } from './check-sign-in.ts';
import { composeSignInMessage, parseSignInMessage } from './sign-in-message.ts';
import { verifySignature } from './verify-signature.ts';

const chain = z.enum(['solana', 'ethereum']);
const { expectation, vectors } = z
  .object({
    expectation: z.object({
      domains: z.array(z.string()),
      uris: z.array(z.string()),
      chainIds: z.array(z.string()),
      statement: z.string(),
      resource: z.string(),
      now: z.number(),
    }),
    vectors: z.array(
      z.object({
        name: z.string(),
        chain,
        address: z.string(),
        message: z.string(),
        signature: z.string(),
        verdict: z.string(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../vectors/sign-in.vectors.json', import.meta.url), 'utf8')));

type Vector = (typeof vectors)[number];
const verdictOf = ({ chain, address, message, signature }: Vector): string => {
  const verdict = checkSignIn(message, signature, { chain, address, ...expectation });
  return verdict.ok ? 'OK' : verdict.fault;
};
const good = vectors.filter(({ verdict }) => verdict === 'OK');

describe('published vectors', () => {
  test('there are many of both chains', () => {
    for (const wanted of chain.options)
      expect(vectors.filter((vector) => vector.chain === wanted).length).toBeGreaterThan(45);
  });

  test.each(vectors)('$name: $verdict', (vector) => {
    expect(verdictOf(vector)).toBe(vector.verdict);
  });
});

describe('a message that holds', () => {
  test('is read and written back to the letter', () => {
    for (const { message } of good) {
      const parsed = parseSignInMessage(message);
      expect(parsed).not.toBeNull();
      if (parsed !== null) expect(composeSignInMessage(parsed)).toBe(message);
    }
  });

  test('is one for the siwe library as well', async () => {
    for (const { chain, message, signature, address } of good) {
      if (chain !== 'ethereum') continue;
      const parsed = new SiweMessage(message);
      expect(parsed.address).toBe(address);
      const { success } = await parsed.verify(
        { signature, time: new Date(expectation.now).toISOString() },
        { suppressExceptions: true },
      );
      expect(success).toBe(true);
    }
  });

  test('does not hold any more when any one character of it is another', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.nat(),
        fc.string({ minLength: 1, maxLength: 1 }),
        (vector, at, character) => {
          const index = at % vector.message.length;
          const message = vector.message.slice(0, index) + character + vector.message.slice(index + 1);
          fc.pre(message !== vector.message);
          expect(verdictOf({ ...vector, message })).not.toBe('OK');
        },
      ),
      { numRuns: 400 },
    );
  });

  test('does not hold when any one character of its signature is another', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.nat(),
        fc.constantFrom(...'0123456789abcdefABCDEFGHxyz'),
        (vector, at, character) => {
          const index = at % vector.signature.length;
          const signature = vector.signature.slice(0, index) + character + vector.signature.slice(index + 1);
          // Hex has two spellings, and the recovery bit two numberings: the same signature either way.
          fc.pre(signature.toLowerCase() !== vector.signature.toLowerCase() || vector.chain === 'solana');
          fc.pre(signature !== vector.signature && !(vector.chain === 'ethereum' && index >= 130));
          expect(verifySignature({ ...vector, signature })).toBe(false);
        },
      ),
      { numRuns: 400 },
    );
  });
});

test('nothing that is thrown at the verifier comes back as an exception', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...chain.options),
      fc.string(),
      fc.string(),
      fc.string(),
      (on, address, message, signature) => {
        expect(verifySignature({ chain: on, address, message, signature })).toBe(false);
        expect(parseSignInMessage(message)).toBeNull();
      },
    ),
  );
});
