import { describe, expect, test } from 'vitest';
import {
  agentId,
  assetId,
  baseUnits,
  type CanonicalValue,
  canonicalJson,
  decodeIntent,
  encodeIntent,
  type Intent,
  nativeAssetId,
  sessionId,
  tokenAssetId,
  transactionId,
} from './index.ts';

const MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
const CONTRACT = '0xdAC17F958D2ee523a2206206994597C13D831ec7';

const first: Intent = {
  version: 1,
  token: null,
  transactionId: transactionId('0192f3a1-7c4d-7abc-9def-000000000001'),
  agentId: agentId('0192f3a1-7c4d-7abc-9def-000000000002'),
  sessionId: sessionId('0192f3a1-7c4d-7abc-9def-000000000003'),
  chain: 'solana',
  network: 'localnet',
  type: 'TRANSFER',
  asset: nativeAssetId('solana'),
  from: 'From1111',
  to: 'To111111',
  amount: baseUnits(2n ** 64n - 1n),
  memo: null,
  priority: 'medium',
  createdAt: 1_700_000_000,
};

const native: Intent = { ...first, version: 2 };
const payment: Intent = {
  ...native,
  type: 'TOKEN_TRANSFER',
  asset: tokenAssetId('solana', MINT),
  token: { address: MINT, decimals: 6, symbol: 'USDC' },
};

/** The fields of an encoded intent, some of them replaced. */
const fieldsOf = (intent: Intent, change: object = {}): CanonicalValue => ({
  ...JSON.parse(encodeIntent(intent)),
  ...change,
});

describe('an encoded intent', () => {
  test('has one encoding, fixed for good: seals of older versions must still verify', () => {
    const ids = '"sessionId":"0192f3a1-7c4d-7abc-9def-000000000003","to":"To111111",';
    expect(encodeIntent(first)).toBe(
      `{"agentId":"0192f3a1-7c4d-7abc-9def-000000000002","amount":"18446744073709551615","asset":"solana:native",` +
        `"chain":"solana","createdAt":1700000000,"from":"From1111","memo":null,"network":"localnet",` +
        `"priority":"medium",${ids}` +
        `"transactionId":"0192f3a1-7c4d-7abc-9def-000000000001","type":"TRANSFER","version":1}`,
    );
    expect(encodeIntent(native)).toBe(
      `{"agentId":"0192f3a1-7c4d-7abc-9def-000000000002","amount":"18446744073709551615","asset":"solana:native",` +
        `"chain":"solana","createdAt":1700000000,"from":"From1111","memo":null,"network":"localnet",` +
        `"priority":"medium",${ids}"token":null,` +
        `"transactionId":"0192f3a1-7c4d-7abc-9def-000000000001","type":"TRANSFER","version":2}`,
    );
    expect(encodeIntent(payment)).toBe(
      `{"agentId":"0192f3a1-7c4d-7abc-9def-000000000002","amount":"18446744073709551615","asset":"solana:${MINT}",` +
        `"chain":"solana","createdAt":1700000000,"from":"From1111","memo":null,"network":"localnet",` +
        `"priority":"medium",${ids}"token":{"address":"${MINT}","decimals":6,"symbol":"USDC"},` +
        `"transactionId":"0192f3a1-7c4d-7abc-9def-000000000001","type":"TOKEN_TRANSFER","version":2}`,
    );
  });

  describe.each([
    ['of version 1', first],
    ['of a native payment', native],
    ['of a token payment', payment],
  ])('%s', (_what, intent) => {
    test('is read back', () => expect(decodeIntent(encodeIntent(intent))).toEqual(intent));

    test.each([
      ['an unknown field', { tip: '1' }],
      ['a later version', { version: 3 }],
      ['a version that only looks like one', { version: String(intent.version) }],
      ['a number as amount', { amount: 5 }],
      ['a negative amount', { amount: '-5' }],
      ['a hexadecimal amount', { amount: '0x10' }],
      ['an unknown chain', { chain: 'bitcoin' }],
      ['another chain than its asset', { chain: 'ethereum' }],
      ['an unknown network', { network: 'moonnet' }],
      ['an unknown type', { type: 'SWAP' }],
      ['the other type', { type: intent.token === null ? 'TOKEN_TRANSFER' : 'TRANSFER' }],
      ['an unknown priority', { priority: 'urgent' }],
      ['an asset of no chain', { asset: 'native' }],
      ['another asset', { asset: intent.token === null ? `solana:${MINT}` : 'solana:native' }],
      ['an id that is none', { agentId: 'agent-1' }],
      ['a memo that is no text', { memo: 1 }],
      ['a recipient that is no text', { to: null }],
      ['a time that is a text', { createdAt: '1700000000' }],
    ])('with %s is refused', (_name, change) => {
      expect(() => decodeIntent(canonicalJson(fieldsOf(intent, change)))).toThrow(TypeError);
    });

    test.each(Object.keys(JSON.parse(encodeIntent(intent))))('without %s is refused', (key) => {
      const rest = Object.fromEntries(
        Object.entries(JSON.parse(encodeIntent(intent)) as Record<string, CanonicalValue>).filter(
          ([name]) => name !== key,
        ),
      );
      expect(() => decodeIntent(canonicalJson(rest))).toThrow(TypeError);
    });

    test.each([
      ['white space', (text: string) => ` ${text}`],
      ['a line break at the end', (text: string) => `${text}\n`],
      [
        'another order',
        (text: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse())),
      ],
      ['a field given twice', (text: string) => text.replace('"to":', '"to":"Thief111","to":')],
      ['a key of a prototype', (text: string) => text.replace('{', '{"__proto__":{},')],
      ['two keys run together', (text: string) => text.replace('"agentId":', '"agentId,amount":1,"agentId":')],
      ['an escape where none is needed', (text: string) => text.replace('To111111', '\\u0054o111111')],
      ['a fraction of a second', (text: string) => text.replace('1700000000', '1700000000.5')],
      ['an exponent', (text: string) => text.replace('1700000000', '17e8')],
      ['a leading zero', (text: string) => text.replace('"amount":"', '"amount":"0')],
      ['its end cut off', (text: string) => text.slice(0, -1)],
      ['a list around it', (text: string) => `[${text}]`],
      ['nothing', () => ''],
      ['null', () => 'null'],
    ])('written with %s is refused', (_name, alter) => {
      expect(() => decodeIntent(alter(encodeIntent(intent)))).toThrow(TypeError);
    });
  });

  test.each([
    ['no object', 'USDC'],
    ['a list', [MINT, 6, 'USDC']],
    ['no decimals', { address: MINT, symbol: 'USDC' }],
    ['one field more', { address: MINT, decimals: 6, symbol: 'USDC', name: 'USD Coin' }],
    ['a number of decimals as text', { address: MINT, decimals: '6', symbol: 'USDC' }],
    ['negative decimals', { address: MINT, decimals: -1, symbol: 'USDC' }],
    ['decimals nobody can read', { address: MINT, decimals: 19, symbol: 'USDC' }],
    ['a symbol that speaks', { address: MINT, decimals: 6, symbol: 'A to B' }],
    ['another address', { address: 'So11111111111111111111111111111111111111112', decimals: 6, symbol: 'USDC' }],
    ['no address', { address: 'native', decimals: 6, symbol: 'USDC' }],
    ['none', null],
  ])('a token that is or has %s is refused', (_what, token) => {
    expect(() => decodeIntent(canonicalJson(fieldsOf(payment, { token })))).toThrow(TypeError);
  });

  test('a contract is named with its checksum, its asset without; the two name one token', () => {
    const token = { address: CONTRACT, decimals: 6, symbol: 'USDT' };
    const asset = tokenAssetId('ethereum', CONTRACT);
    const intent: Intent = { ...payment, chain: 'ethereum', network: 'sepolia', asset, token };
    expect(decodeIntent(encodeIntent(intent))).toEqual(intent);
    const other = assetId(`ethereum:0x${'0'.repeat(40)}`);
    expect(() => decodeIntent(encodeIntent({ ...intent, asset: other }))).toThrow(TypeError);
  });
});
