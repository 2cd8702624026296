import { isWaiaasError } from '@waiaas/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OwnerPayload, ownerAuthorization, readOwnerPayload } from './owner-payload.ts';

const PAYLOAD: OwnerPayload = {
  chain: 'solana',
  address: 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS',
  action: 'approve_tx',
  nonce: '00112233445566778899aabbccddeeff',
  timestamp: '2026-11-01T12:00:00.000Z',
  message: 'a "message"\nof two lines \\ and a backslash',
  signature: 'x',
};

const encode = (text: string | Buffer): string => `Bearer ${Buffer.from(text).toString('base64url')}`;
const refusal = (header: string | undefined): string => {
  try {
    readOwnerPayload(header);
  } catch (error) {
    if (isWaiaasError(error)) return `${error.code} ${error.status}`;
    throw error;
  }
  return 'NOT_REFUSED';
};

test('a payload that is sent is the one that arrives', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme', maxLength: 300 }), (message) => {
      fc.pre(message.isWellFormed());
      expect(readOwnerPayload(ownerAuthorization({ ...PAYLOAD, message }))).toEqual({ ...PAYLOAD, message });
    }),
  );
});

test.each(['Bearer', 'bearer', 'BEARER'])('the scheme may be written %s', (scheme) => {
  expect(readOwnerPayload(ownerAuthorization(PAYLOAD).replace('Bearer', scheme))).toEqual(PAYLOAD);
});

test.each([undefined, ''])('no header at all (%j) is UNAUTHORIZED', (header) => {
  expect(refusal(header)).toBe('UNAUTHORIZED 401');
});

const json = JSON.stringify(PAYLOAD);
const good = ownerAuthorization(PAYLOAD);

// White space around JSON is allowed; with one byte over a multiple of three, the last character has four bits to spare.
const oneByteOver = `${json}${' '.repeat((4 - (Buffer.byteLength(json) % 3)) % 3)}`;
const bitsToSpare = encode(oneByteOver).replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1));
test('white space around the JSON is no offence', () => {
  expect(Buffer.byteLength(oneByteOver) % 3).toBe(1);
  expect(readOwnerPayload(encode(oneByteOver))).toEqual(PAYLOAD);
});

describe('malformed, and therefore refused:', () => {
  test.each([
    ['no payload', 'Bearer'],
    ['nothing behind the space', 'Bearer '],
    ['another scheme', good.replace('Bearer', 'Basic')],
    ['two spaces', good.replace(' ', '  ')],
    ['a space behind it', `${good} `],
    ['a session token', 'Bearer wai_sess_a.b.c'],
    ['an operator token', `Bearer wai_op_${'A'.repeat(43)}`],
    ['a payload and another one', `${good}, ${good}`],
    ['padding', encode('{}').concat('=')],
    ['a character the decoder would skip', `${good.slice(0, 40)}!${good.slice(40)}`],
    ['a line end the decoder would skip', `${good.slice(0, 40)}\n${good.slice(40)}`],
    ['plain base64', `Bearer ${Buffer.from(JSON.stringify({ ...PAYLOAD, message: '>>>???' })).toString('base64')}`],
    ['bits to spare', bitsToSpare],
    ['bytes that are not UTF-8', encode(Buffer.from(json.replace('a backslash', 'a \xff'), 'latin1'))],
    ['a byte order mark', encode(`\ufeff${json}`)],
    ['no JSON', encode('not json')],
    ['a list', encode(`[${json}]`)],
    ['null', encode('null')],
    ['an empty object', encode('{}')],
    ['text behind the object', encode(`${json}x`)],
    ['more than 8 KiB', encode(JSON.stringify({ ...PAYLOAD, message: 'x'.repeat(7000) }))],
    ['a field too many', encode(JSON.stringify({ ...PAYLOAD, admin: 'true' }))],
    ['a field twice', encode(json.replace('{', '{"action":"kill_switch",'))],
    ['a field twice, once in escapes', encode(json.replace('{', '{"\\u0061ction":"kill_switch",'))],
    ['a field twice with the same content', encode(json.replace('{', '{"action":"approve_tx",'))],
    ['a prototype', encode(json.replace('{', '{"__proto__":{},'))],
    ['a number for a text', encode(JSON.stringify({ ...PAYLOAD, nonce: 1 }))],
    ['an action there is not', encode(JSON.stringify({ ...PAYLOAD, action: 'withdraw' }))],
    ['an action in capitals', encode(JSON.stringify({ ...PAYLOAD, action: 'APPROVE_TX' }))],
    ['a chain there is not', encode(JSON.stringify({ ...PAYLOAD, chain: 'bitcoin' }))],
    ['a nonce in capitals', encode(JSON.stringify({ ...PAYLOAD, nonce: PAYLOAD.nonce.toUpperCase() }))],
    ['a time in another zone', encode(JSON.stringify({ ...PAYLOAD, timestamp: '2026-11-01T12:00:00+00:00' }))],
    ['a time without a zone', encode(JSON.stringify({ ...PAYLOAD, timestamp: '2026-11-01T12:00:00' }))],
    ['a day there is not', encode(JSON.stringify({ ...PAYLOAD, timestamp: '2026-02-30T12:00:00Z' }))],
    ['the hour 24', encode(JSON.stringify({ ...PAYLOAD, timestamp: '2026-11-01T24:00:00Z' }))],
    ['a time that is a number', encode(JSON.stringify({ ...PAYLOAD, timestamp: '1793534400000' }))],
  ])('%s', (_what, header) => {
    expect(refusal(header)).toBe('INVALID_SIGNATURE 401');
  });

  test.each(Object.keys(PAYLOAD))('a payload without %s', (field) => {
    const rest = Object.fromEntries(Object.entries(PAYLOAD).filter(([name]) => name !== field));
    expect(refusal(encode(JSON.stringify(rest)))).toBe('INVALID_SIGNATURE 401');
  });

  test('anything at all, and never with another error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.uint8Array().map(String)), (junk) => {
        expect(refusal(encode(junk))).toBe('INVALID_SIGNATURE 401');
        expect(['INVALID_SIGNATURE 401', 'UNAUTHORIZED 401']).toContain(refusal(junk));
      }),
    );
  });
});

test.each(['2026-11-01T12:00:00Z', '2026-11-01T12:00:00.5Z', '2024-02-29T23:59:59.999Z'])(
  '%s is a time',
  (timestamp) => {
    expect(readOwnerPayload(ownerAuthorization({ ...PAYLOAD, timestamp })).timestamp).toBe(timestamp);
  },
);
