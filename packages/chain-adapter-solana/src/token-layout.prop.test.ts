import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './programs.ts';
import { extensionName, refusedMintExtension } from './token-extensions.ts';
import { readMint, readTokenAccount } from './token-layout.ts';

const HARMLESS = [3, 18, 19, 20, 21, 22, 23];

const mintWith = (extensions: readonly (readonly [number, readonly number[]])[]): Uint8Array => {
  const tail = extensions.flatMap(([type, value]) => [
    type & 255,
    type >> 8,
    value.length & 255,
    value.length >> 8,
    ...value,
  ]);
  const data = new Uint8Array(166 + tail.length);
  data[44] = 6;
  data[45] = 1;
  data[165] = 1;
  data.set(tail, 166);
  return data;
};

const value = fc.array(fc.nat(255), { maxLength: 80 });

test('a mint is taken only when every extension of it is known to be harmless, whatever else it holds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 65_535 }), value), { minLength: 1, maxLength: 6 }),
      (extensions) => {
        const data = mintWith(extensions);
        fc.pre(data.length !== 355);
        const mint = readMint(TOKEN_2022_PROGRAM, data);
        const bad = extensions.find(([type]) => !HARMLESS.includes(type));
        expect(mint?.extensions.map(({ type }) => type)).toEqual(extensions.map(([type]) => type));
        expect(refusedMintExtension(mint?.extensions ?? [])).toBe(
          bad === undefined ? undefined : extensionName(bad[0]),
        );
      },
    ),
  );
});

test('a mint that is cut short, or continues after its end, is none', () => {
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 40 }), (content, cut) => {
      const data = mintWith([[19, [...content, 1]]]);
      fc.pre(data.length - cut !== 355 && data.length - cut > 166);
      expect(readMint(TOKEN_2022_PROGRAM, data.slice(0, -cut))).toBeNull();
      const longer = Uint8Array.of(...data, 0, 0, 0, 0, 7);
      fc.pre(longer.length !== 355);
      expect(readMint(TOKEN_2022_PROGRAM, longer)).toBeNull();
    }),
  );
});

test('classic tokens have no extensions, multisigs are no tokens, and the kind must be right', () => {
  expect(readMint(TOKEN_PROGRAM, mintWith([[3, []]]))).toBeNull();
  const multisig = mintWith([[19, Array.from({ length: 185 }, () => 1)]]);
  expect(multisig.length).toBe(355);
  expect(readMint(TOKEN_2022_PROGRAM, multisig)).toBeNull();
  const account = mintWith([[7, []]]);
  account[165] = 2;
  account[108] = 1;
  expect(readMint(TOKEN_2022_PROGRAM, account)).toBeNull();
  const dirty = mintWith([[3, []]]);
  dirty[120] = 1;
  expect(readMint(TOKEN_2022_PROGRAM, dirty)).toBeNull();
});

test('whatever bytes an account holds, reading them gives an answer and no error', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 600 }),
      fc.constantFrom(TOKEN_PROGRAM, TOKEN_2022_PROGRAM),
      (data, program) => {
        expect([readMint(program, data), readTokenAccount(program, data)]).toHaveLength(2);
      },
    ),
  );
});
