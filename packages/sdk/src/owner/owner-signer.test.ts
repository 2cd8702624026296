import { address, getBase58Encoder, getPublicKeyFromAddress, signatureBytes, verifySignature } from '@solana/kit';
import { isHex, verifyMessage } from 'viem';
import { describe, expect, test } from 'vitest';
import { errorOf } from '../../test/clients.ts';
import {
  kitWallet,
  modifyingWallet,
  providerWallet,
  standardWallet,
  type TestWallet,
  viemWallet,
} from '../../test/wallets.ts';
import { toOwnerSigner } from './owner-signer.ts';

const TEXT = 'localhost:3100 wants you to sign in with your Solana account:\n\nWAIaaS Owner Action: kill_switch';

async function holds(wallet: TestWallet, signature: string): Promise<boolean> {
  if (wallet.chain === 'ethereum') {
    if (!isHex(signature) || !isHex(wallet.address)) return false;
    return verifyMessage({ address: wallet.address, message: TEXT, signature });
  }
  const key = await getPublicKeyFromAddress(address(wallet.address));
  const bytes = signatureBytes(Uint8Array.from(getBase58Encoder().encode(signature)));
  return verifySignature(key, bytes, new TextEncoder().encode(TEXT));
}

const WALLETS: readonly (readonly [string, () => TestWallet | Promise<TestWallet>])[] = [
  ['a MessagePartialSigner of @solana/kit', kitWallet],
  ['a MessageModifyingSigner of @solana/kit', modifyingWallet],
  ['a wallet of the Wallet Standard', standardWallet],
  ['a LocalAccount of viem', viemWallet],
  ['a provider of EIP-1193', providerWallet],
];

describe.each(WALLETS)('%s', (_name, make) => {
  test('signs the text as verifiers expect it', async () => {
    const wallet = await make();
    const signer = toOwnerSigner(wallet.signer);
    expect([signer.chain, signer.address]).toEqual([wallet.chain, wallet.address]);
    expect(await holds(wallet, await signer.signMessage(TEXT))).toBe(true);
  });
});

test('a signer of one’s own is taken as it is', async () => {
  const inner = toOwnerSigner((await kitWallet()).signer);
  const signer = toOwnerSigner({
    chain: 'solana',
    address: inner.address,
    signMessage: (text: string) => inner.signMessage(text),
  });
  expect(await signer.signMessage(TEXT)).toBe(await inner.signMessage(TEXT));
});

describe('a wallet that does something else', () => {
  test.each([
    ['modifying', modifyingWallet],
    ['standard', standardWallet],
  ])('%s: a text that was changed is refused', async (_name, make) => {
    const { signer } = await make((text) => `${text} `);
    expect(await errorOf(toOwnerSigner(signer).signMessage(TEXT))).toMatchObject({ code: 'SIGNER_ERROR' });
  });

  test.each([
    ['solana', ''],
    ['solana', 'too short'],
    ['solana', `0x${'ab'.repeat(65)}`],
    ['ethereum', `0x${'ab'.repeat(64)}`],
    ['ethereum', `0x${'ab'.repeat(200)}`],
    ['ethereum', 'z'.repeat(88)],
  ] as const)('%s: %j is no signature', async (chain, signature) => {
    const wallet = chain === 'solana' ? await kitWallet() : viemWallet();
    const signer = toOwnerSigner({ chain, address: wallet.address, signMessage: async () => signature });
    expect(await errorOf(signer.signMessage(TEXT))).toMatchObject({ code: 'SIGNER_ERROR', statusCode: 0 });
  });

  test('what it throws is the cause, and is quoted nowhere else', async () => {
    const { address: to } = viemWallet();
    const thrown = new Error('User rejected canary-1');
    const signer = toOwnerSigner({ chain: 'ethereum', address: to, signMessage: () => Promise.reject(thrown) });
    const error = await errorOf(signer.signMessage(TEXT));
    expect([error.code, error.cause]).toEqual(['SIGNER_ERROR', thrown]);
    expect(error.message + JSON.stringify(error)).not.toContain('canary-1');
  });

  test('one that throws at once rejects as well', async () => {
    const signMessage = (): never => {
      throw new TypeError('at once');
    };
    const signer = toOwnerSigner({ chain: 'ethereum', address: viemWallet().address, signMessage });
    expect(await errorOf(signer.signMessage(TEXT))).toMatchObject({ code: 'SIGNER_ERROR' });
  });

  test('no signature of the address is none at all', async () => {
    const { address: of } = await kitWallet();
    const signer = toOwnerSigner({ address: of, signMessages: async () => [{}] });
    expect(await errorOf(signer.signMessage(TEXT))).toMatchObject({ code: 'SIGNER_ERROR' });
  });
});

describe('what is no wallet', () => {
  const refused: readonly unknown[] = [
    null,
    undefined,
    'key',
    {},
    { address: 'x' },
    { chain: 'bitcoin', address: 'x', signMessage: async () => '' },
    { chain: 'ethereum', address: '0x12', signMessage: async () => '' },
    { chain: 'ethereum', address: `0x${'g'.repeat(40)}`, signMessage: async () => '' },
    { chain: 'solana', address: '1'.repeat(40), signMessage: async () => '' },
    { chain: 'solana', address: 'O'.repeat(40), signMessage: async () => '' },
    { type: 'json-rpc', address: `0x${'1'.repeat(40)}` },
  ];
  test.each(refused.map((wallet) => [wallet]))('%j is refused', (wallet) => {
    expect(() => toOwnerSigner(wallet as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
