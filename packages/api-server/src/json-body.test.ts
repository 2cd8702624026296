import { describe, expect, test } from 'vitest';
import {
  asOperator,
  asSession,
  type HarnessOptions,
  harness,
  PAYMENT,
  refusingServices,
  TRANSACTION,
} from '../test/fixtures.ts';

const untouched: HarnessOptions = { services: refusingServices };
const send = async (payload: string | Buffer, contentType: string | undefined, options: HarnessOptions = untouched) => {
  const { request } = await harness(options);
  const headers = contentType === undefined ? asSession : { ...asSession, 'content-type': contentType };
  return request({ method: 'POST', url: '/v1/transactions/send', headers, payload });
};
const GOOD = JSON.stringify(PAYMENT);

describe('the media type of a body', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'Application/JSON',
    'application/json;',
  ])('%s is taken', async (type) => {
    expect((await send(GOOD, type, {})).statusCode).toBe(200);
  });

  test.each([
    'text/plain',
    'text/plain;application/json',
    'text/plain; charset=utf-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'application/json; charset=utf-16le',
    'application/json; charset=utf-7',
    'application/json; charset=latin1',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; boundary=x',
    'application/json, text/plain',
    'application/jsonp',
    'application/json+x',
    'application/vnd.api+json',
    'application/problem+json',
    'text/json',
    'json',
    '*/*',
    'x',
  ])('%s is refused with 415', async (type) => {
    const answer = await send(GOOD, type);
    expect(answer.statusCode).toBe(415);
    expect(answer.json().code).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  test('a body without a media type is refused', async () => {
    expect((await send(GOOD, undefined)).statusCode).toBe(415);
  });
});

describe('the text of a body', () => {
  test.each(['{', '{"to":}', "{'to':1}", '{"to":"a",}', 'undefined', 'NaN', '{} {}', '\u0000', ' ', '[1,', '//x\n{}'])(
    '%j is malformed: 400, and what was sent is not repeated',
    async (text) => {
      const answer = await send(text, 'application/json');
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({
        code: 'VALIDATION_ERROR',
        details: { issues: [{ path: '', code: 'invalid_json' }] },
      });
    },
  );

  test.each(['null', '1', '"text"', '[]', '[{}]', 'true'])('%s is no object: 400', async (text) => {
    const answer = await send(text, 'application/json');
    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toBe('VALIDATION_ERROR');
  });

  test.each([
    `{"__proto__":{"amount":"1"},"to":"${PAYMENT.to}","amount":"5"}`,
    `{"\\u005f_proto__":{"x":1},"to":"${PAYMENT.to}","amount":"5"}`,
    `{"constructor":{"prototype":{"x":1}},"to":"${PAYMENT.to}","amount":"5"}`,
    `{"to":"${PAYMENT.to}","amount":"5","memo":{"__proto__":{"x":1}}}`,
  ])('%s cannot reach a prototype', async (text) => {
    expect((await send(text, 'application/json')).statusCode).toBe(400);
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });

  test.each(['constructor', 'toString', 'hasOwnProperty', 'prototype', '$where', 'amount ', 'Amount', 'AMOUNT', ''])(
    'the unknown key %j is refused by name',
    async (key) => {
      const answer = await send(JSON.stringify({ ...PAYMENT, [key]: 'x' }), 'application/json');
      expect(answer.statusCode).toBe(400);
      expect(answer.json().details.issues).toEqual([
        { path: key, code: 'unrecognized_keys', message: 'is not a known field' },
      ]);
    },
  );

  test('bytes that are no UTF-8 are refused, not replaced', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"to":"a","amount":"1","memo":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]);
    expect((await send(bytes, 'application/json')).statusCode).toBe(400);
  });

  test('UTF-16 bytes under the name of UTF-8 are refused', async () => {
    expect((await send(Buffer.from(GOOD, 'utf16le'), 'application/json')).statusCode).toBe(400);
  });

  test('65,536 bytes fit, one more does not', async () => {
    const sized = (size: number): string => `${GOOD.slice(0, -1)}${' '.repeat(size - GOOD.length)}}`;
    expect((await send(sized(65_536), 'application/json', {})).statusCode).toBe(200);
    const answer = await send(sized(65_537), 'application/json');
    expect(answer.statusCode).toBe(413);
    expect(answer.json().code).toBe('PAYLOAD_TOO_LARGE');
  });

  test('deep nesting and thousands of keys are refused in a short answer', async () => {
    expect((await send('['.repeat(60_000), 'application/json')).statusCode).toBe(400);
    const nested = `{"memo":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    expect((await send(nested, 'application/json')).statusCode).toBe(400);
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 6000 }, (_, index) => [`k${index}`, 1])));
    const answer = await send(many, 'application/json');
    expect(answer.statusCode).toBe(400);
    expect(answer.json().details.issues.length).toBeLessThanOrEqual(32);
    const long = await send(JSON.stringify({ ['k'.repeat(60_000)]: 1 }), 'application/json');
    expect(long.statusCode).toBe(400);
    expect(long.body.length).toBeLessThan(2000);
  });
});

describe('no body', () => {
  test.each([
    ['POST', '/v1/admin/login'],
    ['POST', '/v1/agents/0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f10/suspend'],
    ['DELETE', '/v1/sessions/0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f11'],
  ] as const)('%s %s takes an empty JSON body as none, and refuses any other', async (method, url) => {
    const { request } = await harness();
    const headers = { ...asOperator, 'content-type': 'application/json' };
    expect((await request({ method, url, headers: asOperator })).statusCode).toBe(200);
    expect((await request({ method, url, headers, payload: '' })).statusCode).toBe(200);
    expect((await request({ method, url, headers, payload: '{}' })).statusCode).toBe(200);
    for (const payload of ['{"reason":"x"}', '[1]', '"x"', '1'])
      expect((await request({ method, url, headers, payload })).statusCode).toBe(400);
  });

  test('where a body is needed is a validation error', async () => {
    const answer = await send('', 'application/json');
    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toBe('VALIDATION_ERROR');
  });

  test('is what a GET has, whatever it brings along', async () => {
    const { request } = await harness();
    const headers = { ...asSession, 'content-type': 'text/plain' };
    expect(
      (await request({ method: 'GET', url: `/v1/transactions/${TRANSACTION}`, headers, payload: 'x' })).statusCode,
    ).toBe(200);
  });
});

describe('who is not signed in', () => {
  test.each([
    ['/v1/transactions/send', 'INVALID_TOKEN'],
    ['/v1/agents', 'UNAUTHORIZED'],
    ['/v1/owner/policies', 'UNAUTHORIZED'],
    ['/v1/admin/login', 'INVALID_MASTER_PASSWORD'],
  ])('learns nothing about the body of %s', async (url, code) => {
    const { request } = await harness(untouched);
    for (const [type, payload] of [
      ['application/json', '{'],
      ['application/json', '{"x":1}'],
      ['text/plain', 'x'],
      ['application/json', 'x'.repeat(100_000)],
    ]) {
      const answer = await request({ method: 'POST', url, headers: { 'content-type': type }, payload: payload ?? '' });
      expect(answer.statusCode).toBe(401);
      expect(answer.json().code).toBe(code);
    }
  });

  test('learns of POST /v1/sessions, whose body may carry a signature, only that it has to be JSON', async () => {
    const { request } = await harness(untouched);
    for (const [payload, status] of [
      ['{', 400],
      ['{"x":1}', 401],
      ['{}', 401],
      ['[]', 401],
    ] as const) {
      const headers = { 'content-type': 'application/json' };
      expect((await request({ method: 'POST', url: '/v1/sessions', headers, payload })).statusCode).toBe(status);
    }
  });

  test('gets 404 for unknown paths, whatever the body', async () => {
    const { request } = await harness(untouched);
    for (const type of ['application/json', 'text/plain']) {
      const headers = { 'content-type': type };
      expect((await request({ method: 'POST', url: '/nothing', headers, payload: '{' })).statusCode).toBe(404);
    }
  });
});
