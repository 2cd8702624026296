import { randomBytes } from 'node:crypto';
import { agentId, isWaiaasError, OWNER_CHAINS, WaiaasError } from '@waiaas/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { createWallet, type TestWallet } from '../../test/wallets.ts';
import { createNonceStore, type NonceStore } from '../nonce-store.ts';
import { requestPurpose, sessionPurpose } from '../owner/purpose.ts';
import type { SignInFault, SignInPurpose } from './check-sign-in.ts';
import { draftSignIn } from './draft-sign-in.ts';
import { createSignInVerifier, type SignInVerifier } from './sign-in-verifier.ts';
import type { SignedText } from './verify-signature.ts';

const AGENT = agentId('01936d3a-7f00-7001-9abc-fedcba987654');
const SESSION = sessionPurpose(AGENT, { expiresIn: 3600, maxAmountPerTx: '1000' });
const OWNER = requestPurpose('manage_sessions', { method: 'POST', path: '/v1/sessions', rawBody: '{}' });

let now: number;
let nonces: NonceStore;
let verifier: SignInVerifier;
let faults: SignInFault[];
beforeEach(() => {
  now = Date.UTC(2026, 10, 1, 12);
  faults = [];
  const clock = { now: () => now };
  nonces = createNonceStore({ clock, randomBytes });
  verifier = createSignInVerifier({
    nonces,
    clock,
    domains: () => ['localhost:3100', '127.0.0.1:3100'],
    onRefused: (fault) => faults.push(fault),
  });
});

function signed(wallet: TestWallet, purpose: SignInPurpose, nonce = nonces.issue().nonce): SignedText {
  const { chain, address } = wallet;
  const message = draftSignIn({ chain, address, domain: 'localhost:3100', nonce, now, ...purpose });
  return { chain, address, message, signature: wallet.sign(message) };
}

const refusal = async (text: SignedText, purpose: SignInPurpose): Promise<string> => {
  try {
    await verifier.authorise(text, purpose);
  } catch (error) {
    if (isWaiaasError(error)) return `${error.code} ${error.status}`;
    throw error;
  }
  return 'NOT_REFUSED';
};

describe.each(OWNER_CHAINS)('on %s', (chain) => {
  let wallet: TestWallet;
  beforeEach(() => {
    wallet = createWallet(chain);
  });

  test('a signature authorises what it is for', async () => {
    const text = signed(wallet, SESSION);
    expect(await verifier.authorise(text, SESSION)).toEqual(text);
  });

  test('50 parallel uses of one nonce give exactly one success', async () => {
    const text = signed(wallet, SESSION);
    const ends = await Promise.all(Array.from({ length: 50 }, () => refusal(text, SESSION)));
    expect(ends.filter((end) => end === 'NOT_REFUSED')).toHaveLength(1);
    expect(ends.filter((end) => end === 'INVALID_NONCE 401')).toHaveLength(49);
  });

  test('of 50 wallets that sign one nonce at once, one passes', async () => {
    const { nonce } = nonces.issue();
    const texts = Array.from({ length: 50 }, () => signed(createWallet(chain), SESSION, nonce));
    const ends = await Promise.all(texts.map((text) => refusal(text, SESSION)));
    expect(ends.filter((end) => end === 'NOT_REFUSED')).toHaveLength(1);
  });

  test('a session’s message is none of an owner’s request, and the other way round', async () => {
    expect(await refusal(signed(wallet, SESSION), OWNER)).toBe('INVALID_SIGNATURE 401');
    expect(await refusal(signed(wallet, OWNER), SESSION)).toBe('INVALID_SIGNATURE 401');
    expect(faults).toEqual(['STATEMENT', 'STATEMENT']);
  });

  test('a session cannot be given another agent, another limit or a longer life', async () => {
    const text = signed(wallet, SESSION);
    const other = agentId('01936d3a-7f00-7001-9abc-fedcba987655');
    for (const purpose of [
      sessionPurpose(other, { expiresIn: 3600, maxAmountPerTx: '1000' }),
      sessionPurpose(AGENT, { expiresIn: 3600, maxAmountPerTx: '1001' }),
      sessionPurpose(AGENT, { expiresIn: 3601, maxAmountPerTx: '1000' }),
      sessionPurpose(AGENT, { expiresIn: 3600 }),
    ])
      expect(await refusal(text, purpose)).toBe('INVALID_SIGNATURE 401');
    expect(await refusal(text, SESSION)).toBe('NOT_REFUSED');
  });

  test('neither junk nor a stranger’s signature burns a nonce', async () => {
    const text = signed(wallet, SESSION);
    for (const signature of ['', 'junk', wallet.sign('something else'), createWallet(chain).sign(text.message)])
      expect(await refusal({ ...text, signature }, SESSION)).toBe('INVALID_SIGNATURE 401');
    expect(await refusal(text, SESSION)).toBe('NOT_REFUSED');
  });

  test('no signature is verified for a nonce that could not be used', async () => {
    const text = signed(wallet, SESSION, '0'.repeat(32));
    expect(await refusal({ ...text, signature: 'junk' }, SESSION)).toBe('INVALID_NONCE 401');
    expect(faults).toEqual([]);
  });

  test('the last millisecond of a message counts, the next one does not', async () => {
    const [early, late] = [signed(wallet, SESSION), signed(wallet, SESSION)];
    now += 299_999;
    expect(await refusal(early, SESSION)).toBe('NOT_REFUSED');
    now += 1;
    expect(await refusal(late, SESSION)).toBe('INVALID_NONCE 401');
  });

  test('a restart makes every message worthless', async () => {
    const text = signed(wallet, SESSION);
    const restarted = createSignInVerifier({
      nonces: createNonceStore({ clock: { now: () => now }, randomBytes }),
      clock: { now: () => now },
      domains: () => ['localhost:3100'],
      onRefused: () => undefined,
    });
    await expect(restarted.authorise(text, SESSION)).rejects.toThrow(WaiaasError);
  });
});

test('an Ethereum address is taken in every spelling and answered in one', async () => {
  const wallet = createWallet('ethereum');
  const text = signed(wallet, SESSION);
  const signer = await verifier.authorise({ ...text, address: wallet.address.toLowerCase() }, SESSION);
  expect(signer.address).toBe(wallet.address);
});

test('a Solana address differing in case is another one', async () => {
  const wallet = createWallet('solana');
  const text = signed(wallet, SESSION);
  const address = wallet.address.replace(/[a-km-np-z]/, (letter) => letter.toUpperCase());
  expect(await refusal({ ...text, address }, SESSION)).toBe('INVALID_SIGNATURE 401');
});

describe('signatures that come all at once', () => {
  test('are checked one at a time, with other work in between, and no more of them wait than may', async () => {
    const wallet = createWallet('solana');
    const texts = Array.from({ length: 70 }, () => signed(wallet, SESSION));
    let ended = 0;
    const between: number[] = [];
    const looking = setInterval(() => between.push(ended), 0);
    const ends = await Promise.all(
      texts.map(async (text) => {
        const end = await refusal(text, SESSION);
        ended += 1;
        return end;
      }),
    );
    clearInterval(looking);
    expect(ends.filter((end) => end === 'RATE_LIMIT_EXCEEDED 429')).toHaveLength(6);
    expect(ends.filter((end) => end === 'NOT_REFUSED')).toHaveLength(64);
    expect(between.some((count) => count > 6 && count < 70)).toBe(true);
    // Nothing is held up by those that were refused, and none of them is used up.
    for (const text of texts.slice(64)) expect(await refusal(text, SESSION)).toBe('NOT_REFUSED');
  });

  test('hold up nothing that stops', async () => {
    const wallet = createWallet('solana');
    const waiting = Array.from({ length: 64 }, () => refusal(signed(wallet, SESSION), SESSION));
    const ended: string[] = [];
    const first = Promise.any(waiting).then(() => ended.push('of those that wait'));
    const stop = verifier.prove(signed(wallet, OWNER), 'at once').then(() => ended.push('the stop'));
    await Promise.all([first, stop, ...waiting]);
    expect(ended).toEqual(['the stop', 'of those that wait']);
  });
});

describe.each(OWNER_CHAINS)('a signature on %s that is refused whoever made it', (chain) => {
  test('is judged as it would be if it counted', async () => {
    const wallet = createWallet(chain);
    const judged = async (text: SignedText): Promise<string> => {
      try {
        await verifier.judge(text);
      } catch (error) {
        if (isWaiaasError(error)) return `${error.code} ${error.status}`;
        throw error;
      }
      return 'NOT_REFUSED';
    };
    const text = signed(wallet, SESSION);
    const other = createWallet(chain);
    for (const [change, answer] of [
      [{}, 'NOT_REFUSED'],
      [{ signature: 'junk' }, 'INVALID_SIGNATURE 401'],
      [{ signature: other.sign(text.message) }, 'INVALID_SIGNATURE 401'],
      [{ address: other.address }, 'INVALID_SIGNATURE 401'],
      [{ message: `${text.message} ` }, 'INVALID_SIGNATURE 401'],
    ] as const)
      expect(await judged({ ...text, ...change })).toBe(answer);
    expect(await judged(signed(wallet, SESSION, '0'.repeat(32)))).toBe('INVALID_NONCE 401');
    expect(await refusal(text, SESSION)).toBe('NOT_REFUSED');
  });
});
