import { OWNER_CHAINS, type SignInMessage } from '@waiaas/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createWallet } from '../../test/wallets.ts';
import { canonicalAddress } from './address.ts';
import { draftSignIn } from './draft-sign-in.ts';
import { composeSignInMessage, parseSignInMessage } from './sign-in-message.ts';

const addresses = OWNER_CHAINS.flatMap((chain) =>
  Array.from({ length: 20 }, () => ({ chain, address: createWallet(chain).address })),
);
const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 });
const time = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
const oneOf = (characters: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength });

const messages: fc.Arbitrary<SignInMessage> = fc
  .record({
    signer: fc.constantFrom(...addresses),
    domain: oneOf('abcXYZ019.:-', 60),
    statement: oneOf("abcXYZ019 ._~:/?#[]@!$&'()*+,;=-", 200),
    uri: fc.constantFrom('http://localhost:3100', 'https://[::1]:3100/a?b#c', 'urn:x'),
    chainId: fc.nat().map(String),
    nonce: hex,
    issuedAt: time,
    expirationTime: time,
    resource: oneOf('abcXYZ019._:-', 100).map((text) => `urn:waiaas:${text}`),
  })
  .map(({ signer, ...fields }) => ({ ...fields, ...signer }));

const DRAFT = {
  chain: 'solana',
  address: 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS',
  domain: 'localhost:3100',
  statement: 'WAIaaS Owner Action: recover',
  resource: 'urn:waiaas:req:sha256:00',
  nonce: '00112233445566778899aabbccddeeff',
  now: Date.UTC(2026, 10, 1, 12),
} as const;

test('what is composed is read back as what it was composed of', () => {
  fc.assert(
    fc.property(messages, (message) => {
      expect(parseSignInMessage(composeSignInMessage(message))).toEqual(message);
    }),
  );
});

test('two different messages have two different texts', () => {
  fc.assert(
    fc.property(messages, messages, (one, other) => {
      const same = JSON.stringify(one, Object.keys(one).sort()) === JSON.stringify(other, Object.keys(other).sort());
      expect(composeSignInMessage(one) === composeSignInMessage(other)).toBe(same);
    }),
  );
});

test('a draft is the documented text, to the byte', () => {
  expect(draftSignIn(DRAFT)).toBe(
    [
      'localhost:3100 wants you to sign in with your Solana account:',
      'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS',
      '',
      'WAIaaS Owner Action: recover',
      '',
      'URI: http://localhost:3100',
      'Version: 1',
      'Chain ID: 1',
      'Nonce: 00112233445566778899aabbccddeeff',
      'Issued At: 2026-11-01T12:00:00.000Z',
      'Expiration Time: 2026-11-01T12:05:00.000Z',
      'Resources:',
      '- urn:waiaas:req:sha256:00',
    ].join('\n'),
  );
});

describe('nobody is asked to sign', () => {
  test.each([
    ['a statement with lines of its own', { statement: 'Hello\n\nURI: http://evil.com' }],
    ['a statement that says nothing', { statement: '' }],
    ['a statement in another script', { statement: 'pay 1 ЅOL' }],
    ['a statement with a quote', { statement: 'pay "1" SOL' }],
    ['a domain with a scheme', { domain: 'http://localhost:3100' }],
    ['an address of the other chain', { address: '0x00000000219ab540356cBB839Cbe05303d7705Fa' }],
    ['an address without its checksum', { chain: 'ethereum', address: `0x${'ab'.repeat(20)}` }],
    ['a nonce that is none', { nonce: 'NONCE' }],
    ['a second resource', { resource: 'urn:waiaas:tx:1\n- urn:waiaas:tx:2' }],
    ['a resource of somebody else', { resource: 'https://evil.com' }],
    ['a time that is none', { now: Number.NaN }],
    ['a time before all times', { now: -1 }],
    ['a time of five-digit years', { now: Date.UTC(12_000, 0) }],
  ] as const)('%s', (_what, change) => {
    expect(() => draftSignIn({ ...DRAFT, ...change })).toThrow(TypeError);
  });
});

describe('an address', () => {
  // The examples of EIP-55.
  test.each([
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
    '0x52908400098527886E0F7030069857D2E4169EE7',
    '0xde709f2102306220921060314715629080e2fb77',
  ])('%s is the canonical spelling of its other spellings', (address) => {
    expect(canonicalAddress('ethereum', address)).toBe(address);
    expect(canonicalAddress('ethereum', address.toLowerCase())).toBe(address);
    expect(canonicalAddress('ethereum', `0x${address.slice(2).toUpperCase()}`)).toBe(address);
  });

  test('of mixed case with a wrong checksum is none', () => {
    expect(canonicalAddress('ethereum', '0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed')).toBeNull();
  });

  test.each(['', '0x', 'l'.repeat(44), '1'.repeat(31), '1'.repeat(33), 'z'.repeat(44), ` ${DRAFT.address}`])(
    '%j is none of Solana',
    (address) => {
      expect(canonicalAddress('solana', address)).toBeNull();
    },
  );
});
