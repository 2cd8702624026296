import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SignInMessage } from '@waiaas/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { createWallet, type TestWallet } from '../../test/wallets.ts';
import { composeSignInMessage } from './sign-in-message.ts';
import { siweAgrees } from './siwe-opinion.ts';

const now = Date.UTC(2026, 10, 1, 12);
let wallet: TestWallet;
let message: SignInMessage;
beforeEach(() => {
  wallet = createWallet('ethereum');
  message = {
    chain: 'ethereum',
    domain: 'localhost:3100',
    address: wallet.address,
    statement: 'WAIaaS Owner Action: recover',
    uri: 'http://localhost:3100',
    chainId: '1',
    nonce: '00112233445566778899aabbccddeeff',
    issuedAt: now,
    expirationTime: now + 300_000,
    resource: 'urn:waiaas:tx:1',
  };
});

const opinion = (text: string, read = message, signature = wallet.sign(text), at = now) =>
  siweAgrees(text, signature, read, at);

test('the library agrees with what we composed', async () => {
  expect(await opinion(composeSignInMessage(message))).toBe(true);
});

describe('the library does not agree', () => {
  test.each([
    ['another domain', { domain: 'evil.com' }],
    ['another statement', { statement: 'WAIaaS Owner Action: kill_switch' }],
    ['another URI', { uri: 'http://evil.com' }],
    ['another chain id', { chainId: '999' }],
    ['another nonce', { nonce: 'f'.repeat(32) }],
    ['another time of issue', { issuedAt: now + 1 }],
    ['another end', { expirationTime: now + 1 }],
    ['another resource', { resource: 'urn:waiaas:tx:2' }],
    ['another address', { address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' }],
  ])('when we have read %s', async (_what, change) => {
    expect(await opinion(composeSignInMessage(message), { ...message, ...change })).toBe(false);
  });

  test.each([
    ['a scheme', (text: string) => `http://${text}`],
    ['a request id', (text: string) => text.replace('\nResources', '\nRequest ID: 7\nResources')],
    ['a time of beginning', (text: string) => text.replace('\nRes', '\nNot Before: 2026-11-01T12:00:00.000Z\nRes')],
    ['a second resource', (text: string) => `${text}\n- urn:waiaas:tx:2`],
    ['no resource', (text: string) => text.replace(/\nResources[\s\S]*/, '')],
    ['no end', (text: string) => text.replace(/\nExpiration[^\n]*/, '')],
    ['an address without its checksum', (text: string) => text.replace(wallet.address, wallet.address.toLowerCase())],
    ['text that is no message', () => 'hello'],
  ])('when the text has %s', async (_what, change) => {
    expect(await opinion(change(composeSignInMessage(message)))).toBe(false);
  });

  test('when somebody else signed, although it does not throw', async () => {
    const text = composeSignInMessage(message);
    expect(await opinion(text, message, createWallet('ethereum').sign(text))).toBe(false);
  });

  test('when the time is over', async () => {
    const text = composeSignInMessage(message);
    expect(await opinion(text, message, wallet.sign(text), now + 300_001)).toBe(false);
  });
});

test('the library is not loaded by importing the package, for Solana, or for a signature that nobody believes', async () => {
  const program = `
    import { createRequire } from 'node:module';
    import { readFileSync } from 'node:fs';
    const { checkSignature, checkSignIn } = await import('./check-sign-in.ts');
    await import('../index.ts');
    const { vectors, expectation } = JSON.parse(readFileSync('../../vectors/sign-in.vectors.json', 'utf8'));
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('siwe'));
    const good = (chain) => vectors.find((v) => v.chain === chain && v.verdict === 'OK');
    const { message, signature, address } = good('ethereum');
    const judged = checkSignature(message, signature, { chain: 'ethereum', address, ...expectation });
    const seen = [judged.ok, loaded()];
    for (const chain of ['solana', 'ethereum']) {
      const { message, signature, address } = good(chain);
      seen.push((await checkSignIn(message, signature, { chain, address, ...expectation })).ok, loaded());
    }
    console.log(JSON.stringify(seen));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
  });
  expect(JSON.parse(stdout)).toEqual([true, false, true, false, true, true]);
});
