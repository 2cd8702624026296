import { describe, expect, test } from 'vitest';
import {
  agentId,
  baseUnits,
  canonicalJson,
  decodeIntent,
  encodeIntent,
  type Intent,
  nativeAssetId,
  sessionId,
  transactionId,
} from './index.ts';

const intent: Intent = {
  version: 1,
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

describe('an encoded intent', () => {
  test('has one encoding, fixed for good: seals of older versions must still verify', () => {
    expect(encodeIntent(intent)).toBe(
      '{"agentId":"0192f3a1-7c4d-7abc-9def-000000000002","amount":"18446744073709551615","asset":"solana:native",' +
        '"chain":"solana","createdAt":1700000000,"from":"From1111","memo":null,"network":"localnet",' +
        '"priority":"medium","sessionId":"0192f3a1-7c4d-7abc-9def-000000000003","to":"To111111",' +
        '"transactionId":"0192f3a1-7c4d-7abc-9def-000000000001","type":"TRANSFER","version":1}',
    );
  });

  test.each([
    ['an unknown field', { tip: '1' }],
    ['a later version', { version: 2 }],
    ['a version that only looks like 1', { version: '1' }],
    ['a number as amount', { amount: 5 }],
    ['a negative amount', { amount: '-5' }],
    ['a hexadecimal amount', { amount: '0x10' }],
    ['an unknown chain', { chain: 'bitcoin' }],
    ['an unknown network', { network: 'moonnet' }],
    ['an unknown type', { type: 'SWAP' }],
    ['an unknown priority', { priority: 'urgent' }],
    ['an asset of no chain', { asset: 'native' }],
    ['an id that is none', { agentId: 'agent-1' }],
    ['a memo that is no text', { memo: 1 }],
    ['a recipient that is no text', { to: null }],
    ['a time that is a text', { createdAt: '1700000000' }],
  ])('with %s is refused', (_name, change) => {
    expect(() => decodeIntent(canonicalJson({ ...intent, ...change }))).toThrow(TypeError);
  });

  test.each(Object.keys(intent))('without %s is refused', (key) => {
    const rest = Object.fromEntries(Object.entries(intent).filter(([name]) => name !== key));
    expect(() => decodeIntent(canonicalJson(rest))).toThrow(TypeError);
  });

  test.each([
    ['white space', (text: string) => ` ${text}`],
    ['a line break at the end', (text: string) => `${text}\n`],
    ['another order', (text: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse()))],
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
