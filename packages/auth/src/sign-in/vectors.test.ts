import { readFileSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkSignIn } from './check-sign-in.ts';
import { composeSignInMessage, parseSignInMessage } from './sign-in-message.ts';
import { verifySignature } from './verify-signature.ts';

const chain = z.enum(['solana', 'ethereum']);
const purpose = { statement: z.string(), resource: z.string() };
const { expectation, vectors } = z
  .object({
    expectation: z.object({
      domains: z.array(z.string()),
      uris: z.array(z.string()),
      chainIds: z.array(z.string()),
      ...purpose,
      now: z.number(),
    }),
    vectors: z.array(
      z.strictObject({
        name: z.string(),
        chain,
        address: z.string(),
        message: z.string(),
        signature: z.string(),
        expected: z.strictObject(purpose).optional(),
        verdict: z.string(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../vectors/sign-in.vectors.json', import.meta.url), 'utf8')));

type Vector = (typeof vectors)[number];
const verdictOf = async ({ chain, address, message, signature, expected }: Vector): Promise<string> => {
  const verdict = await checkSignIn(message, signature, { chain, address, ...expectation, ...expected });
  return verdict.ok ? 'OK' : verdict.fault;
};
const good = vectors.filter(({ verdict }) => verdict === 'OK');

describe('published vectors', () => {
  test('there are many of both chains, and no two of one name', () => {
    for (const wanted of chain.options)
      expect(vectors.filter((vector) => vector.chain === wanted).length).toBeGreaterThan(100);
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
  });

  test.each(vectors)('$name: $verdict', async (vector) => {
    expect(await verdictOf(vector)).toBe(vector.verdict);
  });
});

test('the keys of small order are real attacks: a lenient verifier takes their one signature for every message', () => {
  const attacks = vectors.filter(({ name }) => name.includes('one signature fits every message'));
  expect(attacks).toHaveLength(5);
  const taken = attacks.filter(({ message, signature, address }) =>
    ed25519.verify(base58.decode(signature), Buffer.from(message), base58.decode(address), { zip215: true }),
  );
  expect(taken.length).toBeGreaterThanOrEqual(4);
});

describe('a message that holds', () => {
  test('is read and written back to the letter', () => {
    for (const { message } of good) {
      const parsed = parseSignInMessage(message);
      expect(parsed).not.toBeNull();
      if (parsed !== null) expect(composeSignInMessage(parsed)).toBe(message);
    }
  });

  test('does not hold when any one byte of it is another', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...good),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (vector, at, flip) => {
          const bytes = Buffer.from(vector.message, 'utf8');
          const index = at % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ flip;
          expect(await verdictOf({ ...vector, message: bytes.toString('latin1') })).not.toBe('OK');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('does not hold when any one character is missing, doubled or added', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...good),
        fc.nat(),
        fc.nat({ max: 1 }),
        fc.string({ maxLength: 2, unit: 'binary' }),
        async (vector, at, removed, added) => {
          const index = at % vector.message.length;
          const message = vector.message.slice(0, index) + added + vector.message.slice(index + removed);
          fc.pre(message !== vector.message);
          expect(await verdictOf({ ...vector, message })).not.toBe('OK');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('has no signature but its own: any one character of it exchanged is refused', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.nat(),
        fc.constantFrom(...'0123456789abcdefABCDEFGHJKLMNPQRSTUVWXYZghijkmnopqrstuvwxyz'),
        (vector, at, character) => {
          const index = at % vector.signature.length;
          const signature = vector.signature.slice(0, index) + character + vector.signature.slice(index + 1);
          fc.pre(sameSignature(vector, signature) === false);
          expect(verifySignature({ ...vector, signature })).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('on Ethereum holds under exactly two recovery bits, the two numberings of the same one', () => {
    for (const vector of good.filter(({ chain }) => chain === 'ethereum')) {
      const holding = Array.from({ length: 256 }, (_, v) => v).filter((v) =>
        verifySignature({ ...vector, signature: vector.signature.slice(0, 130) + v.toString(16).padStart(2, '0') }),
      );
      expect(holding).toHaveLength(2);
      expect((holding[1] ?? 0) - (holding[0] ?? 0)).toBe(27);
    }
  });
});

/** Hex has two spellings of a digit, and the recovery bit two numberings. Base58 has one of everything. */
function sameSignature({ chain, signature }: Vector, other: string): boolean {
  if (chain === 'solana') return signature === other;
  const normal = (text: string) => text.toLowerCase().replace(/1b$/, '00').replace(/1c$/, '01');
  return normal(signature) === normal(other);
}

test('nothing that is thrown at the verifier comes back as an exception', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...chain.options),
      fc.constantFrom(...vectors),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('address' as const, 'message' as const, 'signature' as const),
      async (on, vector, junk, where) => {
        // One vector is an empty message, rightly signed.
        fc.pre(junk !== vector[where]);
        const hostile: Vector = { ...vector, chain: on, [where]: junk };
        expect(verifySignature(hostile)).toBe(false);
        expect(await verdictOf(hostile)).not.toBe('OK');
        expect(parseSignInMessage(junk)).toBeNull();
      },
    ),
    { numRuns: 500 },
  );
});
