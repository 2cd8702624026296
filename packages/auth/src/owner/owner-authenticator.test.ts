import { randomBytes } from 'node:crypto';
import {
  baseUnits,
  isWaiaasError,
  nativeAssetId,
  OWNER_CHAINS,
  type OwnerAction,
  SESSION_STATEMENT,
  type SignInMessage,
  transactionId,
  WaiaasError,
} from '@waiaas/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { createWallet, type TestWallet } from '../../test/wallets.ts';
import { createNonceStore, type NonceStore } from '../nonce-store.ts';
import type { SignInPurpose } from '../sign-in/check-sign-in.ts';
import { composeSignInMessage } from '../sign-in/sign-in-message.ts';
import { createSignInVerifier, type SignInVerifier } from '../sign-in/sign-in-verifier.ts';
import {
  type ConnectedOwner,
  createOwnerAuthenticator,
  type OwnerAuthenticator,
  type OwnerCounting,
  type OwnerFault,
} from './owner-authenticator.ts';
import { type OwnerPayload, ownerAuthorization } from './owner-payload.ts';
import { paymentPurpose, requestPurpose, type SignedPayment } from './purpose.ts';

/** A demand whose purpose is known beforehand. */
interface Demand {
  readonly action: OwnerAction;
  readonly purpose: () => SignInPurpose;
}

const PAYMENT: SignedPayment = {
  transactionId: transactionId('01a205ca-7607-729f-a8d3-0a119d9107d0'),
  chain: 'solana',
  network: 'devnet',
  asset: nativeAssetId('solana'),
  token: null,
  to: 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS',
  amount: baseUnits(12_500_000_000n),
};
const decide = (action: 'approve_tx' | 'reject_tx', change: Partial<SignedPayment> = {}): Demand => ({
  action,
  purpose: () => paymentPurpose(action, { ...PAYMENT, ...change }),
});
const APPROVE = decide('approve_tx');
const REJECT = decide('reject_tx');
const HALT: Demand = {
  action: 'kill_switch',
  purpose: () =>
    requestPurpose('kill_switch', { method: 'POST', path: '/v1/owner/kill-switch', rawBody: '{"reason":"lost"}' }),
};
const CONNECT: Demand = {
  action: 'connect_owner',
  purpose: () => requestPurpose('connect_owner', { method: 'POST', path: '/v1/owner/connect', rawBody: '{}' }),
};

let now: number;
let nonces: NonceStore;
let connected: ConnectedOwner | null;
let authenticator: OwnerAuthenticator;
let faults: OwnerFault[];
/** What the verifier was asked: to believe a signature, or only to judge it. */
let asked: ('prove' | 'judge')[];
/** Done while a signature is looked at. */
let meanwhile: () => void;

function setUp(capacity?: number): void {
  const clock = { now: () => now };
  nonces = createNonceStore({ clock, randomBytes, ...(capacity === undefined ? {} : { capacity }) });
  const onRefused = (fault: OwnerFault): number => faults.push(fault);
  const domains = () => ['localhost:3100', '127.0.0.1:3100'];
  const verifier = createSignInVerifier({ nonces, clock, domains, onRefused });
  const watched: SignInVerifier = {
    ...verifier,
    prove(...signed) {
      asked.push('prove');
      meanwhile();
      return verifier.prove(...signed);
    },
    judge(...signed) {
      asked.push('judge');
      meanwhile();
      return verifier.judge(...signed);
    },
  };
  const owner = { load: async () => connected };
  authenticator = createOwnerAuthenticator({ verifier: watched, nonces, clock, owner, onRefused });
}

beforeEach(() => {
  now = Date.UTC(2026, 10, 1, 12);
  faults = [];
  asked = [];
  meanwhile = () => undefined;
  setUp();
});

/** What an honest client sends; parts of it can be exchanged. */
function request(
  wallet: TestWallet,
  demand: Demand,
  message: Partial<SignInMessage> = {},
  payload: Partial<OwnerPayload> = {},
): string {
  const fields: SignInMessage = {
    chain: wallet.chain,
    domain: 'localhost:3100',
    address: wallet.address,
    ...demand.purpose(),
    uri: 'http://localhost:3100',
    chainId: '1',
    nonce: message.nonce ?? nonces.issue().nonce,
    issuedAt: now,
    expirationTime: now + 300_000,
    ...message,
  };
  const text = composeSignInMessage(fields);
  return ownerAuthorization({
    chain: wallet.chain,
    address: wallet.address,
    action: demand.action,
    nonce: fields.nonce,
    timestamp: new Date(now).toISOString(),
    message: text,
    signature: wallet.sign(text),
    ...payload,
  });
}

const payloadOf = (authorization: string): OwnerPayload =>
  JSON.parse(Buffer.from(authorization.slice('Bearer '.length), 'base64url').toString());

const outcome = async (authenticated: Promise<unknown>): Promise<string> => {
  try {
    await authenticated;
  } catch (error) {
    if (isWaiaasError(error)) return `${error.code} ${error.status}`;
    throw error;
  }
  return 'NOT_REFUSED';
};
const refusal = (authorization: string | undefined, demand: Demand = APPROVE) =>
  outcome(authenticator.authenticate(authorization, demand));

describe.each(OWNER_CHAINS)('on %s', (chain) => {
  let wallet: TestWallet;
  beforeEach(() => {
    wallet = createWallet(chain);
    connected = { chain, address: wallet.address, authentic: true };
  });

  test('the owner’s signature over this very request authorises it', async () => {
    for (const demand of [APPROVE, REJECT, HALT])
      expect(await authenticator.authenticate(request(wallet, demand), demand)).toMatchObject({
        chain,
        address: wallet.address,
      });
  });

  test('a replay is refused, and of fifty at once one passes', async () => {
    const authorization = request(wallet, APPROVE);
    const ends = await Promise.all(Array.from({ length: 50 }, () => refusal(authorization)));
    expect(ends.filter((end) => end === 'NOT_REFUSED')).toHaveLength(1);
    expect(ends.filter((end) => end === 'INVALID_NONCE 401')).toHaveLength(49);
    expect(await refusal(authorization)).toBe('INVALID_NONCE 401');
  });

  test('one nonce under fifty different actions authorises one of them', async () => {
    const { nonce } = nonces.issue();
    const demands = Array.from({ length: 50 }, (_, index) => [APPROVE, REJECT, HALT][index % 3] ?? APPROVE);
    const ends = await Promise.all(demands.map((demand) => refusal(request(wallet, demand, { nonce }), demand)));
    expect(ends.filter((end) => end === 'NOT_REFUSED')).toHaveLength(1);
  });

  test('an old message in a payload with a fresh nonce and time is refused', async () => {
    const old = payloadOf(request(wallet, APPROVE));
    const timestamp = () => new Date(now).toISOString();
    for (const minutes of [0, 3, 60 * 24 * 365]) {
      now += minutes * 60_000;
      const fresh = ownerAuthorization({ ...old, nonce: nonces.issue().nonce, timestamp: timestamp() });
      expect(await refusal(fresh)).toBe('INVALID_SIGNATURE 401');
    }
  });

  test('a payload that names another action than the signed statement is refused', async () => {
    expect(await refusal(request(wallet, APPROVE, {}, { action: 'kill_switch' }), HALT)).toBe('INVALID_SIGNATURE 401');
    expect(await refusal(request(wallet, APPROVE, {}, { action: 'kill_switch' }), APPROVE)).toBe(
      'INVALID_SIGNATURE 401',
    );
  });

  test('a signature for one action is none for another: 403 where the signer is the owner', async () => {
    expect(await refusal(request(wallet, APPROVE), REJECT)).toBe('INVALID_SIGNATURE 403');
    expect(await refusal(request(wallet, REJECT), APPROVE)).toBe('INVALID_SIGNATURE 403');
    expect(await refusal(request(wallet, APPROVE), HALT)).toBe('INVALID_SIGNATURE 403');
    expect(await refusal(request(createWallet(chain), APPROVE), REJECT)).toBe('OWNER_MISMATCH 403');
  });

  test('an approval of one transaction, amount, recipient or network is none of another', async () => {
    const authorization = request(wallet, APPROVE);
    for (const change of [
      { transactionId: transactionId('01a205ca-7607-729f-a8d3-0a119d9107d1') },
      { amount: baseUnits(12_500_000_001n) },
      { to: 'EWFZJuFzfx1bdWH5wa67KL1joEvYhGF5m6cL9mjHp1V' },
      { network: 'mainnet-beta' as const },
    ])
      expect(await refusal(authorization, decide('approve_tx', change))).toBe('INVALID_SIGNATURE 401');
    // And none of it has burnt the nonce.
    expect(await refusal(authorization)).toBe('NOT_REFUSED');
  });

  test('a request whose method, path or body was exchanged is not authorised', async () => {
    const authorization = request(wallet, HALT);
    const sent = { method: 'POST', path: '/v1/owner/kill-switch', rawBody: '{"reason":"lost"}' };
    for (const change of [{ method: 'PUT' }, { path: '/v1/owner/kill-switch?x' }, { rawBody: '{"reason":"lost" }' }]) {
      const purpose = () => requestPurpose('kill_switch', { ...sent, ...change });
      expect(await refusal(authorization, { action: 'kill_switch', purpose })).toBe('INVALID_SIGNATURE 401');
    }
  });

  test('a session sign-in message is no owner’s request', async () => {
    expect(await refusal(request(wallet, APPROVE, { statement: SESSION_STATEMENT }))).toBe('INVALID_SIGNATURE 401');
  });

  test('somebody else’s wallet is a mismatch, whatever address the payload names', async () => {
    const thief = createWallet(chain);
    const { address } = wallet;
    expect(await refusal(request(thief, APPROVE))).toBe('OWNER_MISMATCH 403');
    expect(await refusal(request(thief, APPROVE, {}, { address }))).toBe('INVALID_SIGNATURE 401');
    expect(await refusal(request(thief, APPROVE, { address }, { address }))).toBe('INVALID_SIGNATURE 401');
  });

  test('a wallet of the other chain is not the owner', async () => {
    const other = createWallet(chain === 'solana' ? 'ethereum' : 'solana');
    expect(await refusal(request(other, APPROVE))).toBe('OWNER_MISMATCH 403');
    expect(await refusal(request(wallet, APPROVE, {}, { chain: other.chain }))).toBe('INVALID_SIGNATURE 401');
    connected = { chain: other.chain, address: wallet.address, authentic: true };
    expect(await refusal(request(wallet, APPROVE))).toBe('OWNER_MISMATCH 403');
  });

  test('without an owner, or with one whose row was tampered with, nobody is the owner', async () => {
    connected = null;
    expect(await refusal(request(wallet, APPROVE))).toBe('OWNER_MISMATCH 403');
    connected = { chain, address: wallet.address, authentic: false };
    expect(await refusal(request(wallet, APPROVE))).toBe('OWNER_MISMATCH 403');
    expect(faults).toEqual(['OWNER_NOT_AUTHENTIC']);
  });

  test.each([
    [300_000, 'NOT_REFUSED'],
    [-60_000, 'NOT_REFUSED'],
    [300_001, 'INVALID_SIGNATURE 401'],
    [-60_001, 'INVALID_SIGNATURE 401'],
  ])('stamped %d ms after the message was issued: %s', async (offset, expected) => {
    const timestamp = new Date(now + offset).toISOString();
    expect(await refusal(request(wallet, APPROVE, {}, { timestamp }))).toBe(expected);
  });

  test.each([
    [299_999, 'NOT_REFUSED'],
    [300_000, 'INVALID_SIGNATURE 401'],
    [300_001, 'INVALID_SIGNATURE 401'],
  ])('%d ms after it was made, with a nonce that lives on: %s', async (age, expected) => {
    const issuedAt = now;
    now += age;
    const timestamp = new Date(issuedAt).toISOString();
    const message = { issuedAt, expirationTime: issuedAt + 300_000 };
    expect(await refusal(request(wallet, APPROVE, message, { timestamp }))).toBe(expected);
  });

  test.each([
    ['a foreign domain', { domain: 'evil.com' }],
    ['a wrong URI', { uri: 'http://evil.com' }],
    ['another chain id', { chainId: '999' }],
    ['a longer life', { expirationTime: Date.UTC(2026, 10, 1, 13) }],
    ['a time of issue tomorrow', { issuedAt: Date.UTC(2026, 10, 2, 12), expirationTime: Date.UTC(2026, 10, 2, 12, 5) }],
  ])('%s alone is enough to be refused', async (_what, change) => {
    expect(await refusal(request(wallet, APPROVE, change))).toBe('INVALID_SIGNATURE 401');
  });

  test('an unknown nonce is refused, and junk burns none', async () => {
    expect(await refusal(request(wallet, APPROVE, { nonce: '0'.repeat(32) }))).toBe('INVALID_NONCE 401');
    const authorization = request(wallet, APPROVE);
    const payload = payloadOf(authorization);
    for (let index = 0; index < 20; index++)
      await refusal(ownerAuthorization({ ...payload, signature: wallet.sign(`junk ${index}`) }));
    expect(await refusal(authorization)).toBe('NOT_REFUSED');
  });

  test('strangers learn nothing about records, and a missing record burns no nonce', async () => {
    let asked = 0;
    const missing = {
      action: 'approve_tx',
      purpose: async () => {
        asked += 1;
        throw new WaiaasError('TX_NOT_FOUND');
      },
    } as const;
    const stranger = request(createWallet(chain), APPROVE);
    expect(await outcome(authenticator.authenticate(stranger, missing))).toBe('OWNER_MISMATCH 403');
    expect(asked).toBe(0);
    const authorization = request(wallet, APPROVE);
    expect(await outcome(authenticator.authenticate(authorization, missing))).toBe('TX_NOT_FOUND 404');
    expect(await refusal(authorization)).toBe('NOT_REFUSED');
  });

  test('an owner who was disconnected is refused at the very next request', async () => {
    expect(await refusal(request(wallet, APPROVE))).toBe('NOT_REFUSED');
    connected = null;
    expect(await refusal(request(wallet, APPROVE))).toBe('OWNER_MISMATCH 403');
  });

  describe('whose request it is', () => {
    /** Counts, and refuses whom it is told to. */
    const counter = (refused: 'stranger' | 'owner' | 'nobody' = 'nobody') => {
      const calls: string[] = [];
      const count = (who: 'stranger' | 'owner') => () => {
        calls.push(who);
        if (who === refused) throw new WaiaasError('RATE_LIMIT_EXCEEDED');
      };
      const counting: OwnerCounting = { stranger: count('stranger'), owner: count('owner') };
      return { calls, counting };
    };
    const counted = (authorization: string, counting: OwnerCounting, demand: Demand = APPROVE) =>
      outcome(authenticator.authenticate(authorization, demand, counting));

    test('costs no look at a signature where strangers are refused, and the owner is still heard', async () => {
      const { calls, counting } = counter('stranger');
      const stranger = createWallet(chain);
      const { address } = wallet;
      const ofStranger = request(stranger, APPROVE);
      const signature = stranger.sign('another text');
      for (let count = 0; count < 2000; count += 1) {
        const header = count % 2 === 0 ? ofStranger : request(stranger, HALT, {}, { signature });
        expect(await counted(header, counting)).toBe('RATE_LIMIT_EXCEEDED 429');
      }
      expect(asked).toEqual([]);
      expect(calls).toHaveLength(2000);
      expect(await counted(request(wallet, APPROVE), counting)).toBe('NOT_REFUSED');
      // What only says to be the owner's is looked at, and nothing else counts it.
      expect(await counted(request(stranger, APPROVE, {}, { address }), counting)).toBe('INVALID_SIGNATURE 401');
      expect(calls.slice(2000)).toEqual(['owner']);
    });

    test('is told by no answer: right or wrong, a stranger hears what the owner would', async () => {
      const stranger = createWallet(chain);
      for (const change of [
        { signature: 'junk' },
        { signature: stranger.sign('another text') },
        { timestamp: new Date(now - 400_000).toISOString() },
        { nonce: '0'.repeat(32) },
        { action: 'kill_switch' as const },
        { message: 'no message at all' },
      ]) {
        const hears = async (by: TestWallet) => refusal(request(by, APPROVE, {}, change));
        expect(await hears(stranger)).toBe(await hears(wallet));
      }
    });

    test('is settled without a second opinion for who is no owner', async () => {
      const { calls, counting } = counter();
      expect(await counted(request(createWallet(chain), APPROVE), counting)).toBe('OWNER_MISMATCH 403');
      expect([asked, calls]).toEqual([['judge'], ['stranger']]);
    });

    test('is settled again once the signature holds', async () => {
      const stranger = createWallet(chain);
      meanwhile = () => {
        connected = { chain, address: stranger.address, authentic: true };
      };
      // The owner until a moment ago, and who becomes the owner only now: neither is one.
      expect(await refusal(request(wallet, APPROVE))).toBe('OWNER_MISMATCH 403');
      connected = { chain, address: wallet.address, authentic: true };
      expect(await refusal(request(stranger, APPROVE))).toBe('OWNER_MISMATCH 403');
      expect(asked).toEqual(['prove', 'judge']);
    });

    test('an owner who is refused for the rate sends the same again, once', async () => {
      const { calls, counting } = counter('owner');
      const authorization = request(wallet, APPROVE);
      for (let count = 0; count < 5; count += 1)
        expect(await counted(authorization, counting)).toBe('RATE_LIMIT_EXCEEDED 429');
      expect(calls).toHaveLength(5);
      const ends = await Promise.all(Array.from({ length: 50 }, () => refusal(authorization)));
      expect(ends.filter((end) => end === 'NOT_REFUSED')).toHaveLength(1);
      expect(ends.filter((end) => end === 'INVALID_NONCE 401')).toHaveLength(49);
    });

    test('of fifty uses of one header at once, one is counted as the owner’s', async () => {
      const { calls, counting } = counter();
      const authorization = request(wallet, APPROVE);
      await Promise.all(Array.from({ length: 50 }, () => counted(authorization, counting)));
      expect(calls).toEqual(['owner']);
    });

    test('what the owner asks for and is not there counts as theirs', async () => {
      const { calls, counting } = counter();
      const purpose = async () => {
        throw new WaiaasError('TX_NOT_FOUND');
      };
      const asking = { action: 'approve_tx', purpose } as const;
      const authorization = request(wallet, APPROVE);
      expect(await outcome(authenticator.authenticate(authorization, asking, counting))).toBe('TX_NOT_FOUND 404');
      expect(calls).toEqual(['owner']);
      expect(await refusal(authorization)).toBe('NOT_REFUSED');
    });

    test('what the owner has signed for something else counts as nobody’s', async () => {
      const { calls, counting } = counter();
      expect(await counted(request(wallet, APPROVE), counting, REJECT)).toBe('INVALID_SIGNATURE 403');
      const other = decide('approve_tx', { amount: baseUnits(1n) });
      expect(await counted(request(wallet, APPROVE), counting, other)).toBe('INVALID_SIGNATURE 401');
      expect(calls).toEqual([]);
    });

    test('an owner who has used up all nonces there are can still stop everything, and nothing else', async () => {
      setUp(3);
      const reads = [];
      for (let count = 0; count < 4; count += 1) reads.push(await refusal(request(wallet, APPROVE)));
      expect(reads).toEqual(['NOT_REFUSED', 'NOT_REFUSED', 'NOT_REFUSED', 'RATE_LIMIT_EXCEEDED 429']);
      const halt = request(wallet, HALT);
      const stops = await Promise.all(Array.from({ length: 50 }, () => refusal(halt, HALT)));
      expect(stops.filter((end) => end === 'NOT_REFUSED')).toHaveLength(1);
      expect(stops.filter((end) => end === 'INVALID_NONCE 401')).toHaveLength(49);
      expect(await refusal(request(wallet, REJECT), REJECT)).toBe('RATE_LIMIT_EXCEEDED 429');
    });

    test('who connects needs no owner to be compared with, and who only says to is refused without a look', async () => {
      connected = null;
      const claimed = { chain, address: createWallet(chain).address };
      const proof = authenticator.provePossession(request(wallet, CONNECT), CONNECT, claimed);
      expect(await outcome(proof)).toBe('OWNER_MISMATCH 403');
      expect(asked).toEqual(['judge']);
    });

    test('a signature in a body is the owner’s or nobody’s', async () => {
      const { message, signature } = payloadOf(request(wallet, APPROVE));
      const { address } = wallet;
      const proven = await authenticator.proveOwner({ chain, address, message, signature });
      expect(proven.signer.address).toBe(address);
      const stranger = createWallet(chain);
      const theirs = payloadOf(request(stranger, APPROVE));
      const { address: other } = stranger;
      expect(await outcome(authenticator.proveOwner({ ...theirs, chain, address: other }))).toBe('OWNER_MISMATCH 403');
      expect(await outcome(authenticator.proveOwner({ ...theirs, chain, address }))).toBe('INVALID_SIGNATURE 401');
    });
  });

  describe('proof of possession', () => {
    const prove = (authorization: string, claimed: { chain: TestWallet['chain']; address: string }) =>
      outcome(authenticator.provePossession(authorization, CONNECT, claimed));

    test('needs no owner, and answers the canonical address', async () => {
      connected = null;
      const claimed = { chain, address: chain === 'ethereum' ? wallet.address.toLowerCase() : wallet.address };
      expect(await authenticator.provePossession(request(wallet, CONNECT), CONNECT, claimed)).toMatchObject({
        chain,
        address: wallet.address,
      });
    });

    test('is none of another address', async () => {
      expect(await prove(request(wallet, CONNECT), createWallet(chain))).toBe('OWNER_MISMATCH 403');
      expect(await prove(request(wallet, CONNECT), { chain, address: 'nonsense' })).toBe('OWNER_MISMATCH 403');
    });

    test('is not what an approval proves, nor does it approve', async () => {
      expect(await prove(request(wallet, APPROVE), wallet)).toBe('INVALID_SIGNATURE 403');
      expect(await refusal(request(wallet, CONNECT))).toBe('INVALID_SIGNATURE 403');
    });

    test('works once', async () => {
      const authorization = request(wallet, CONNECT);
      const ends = await Promise.all(Array.from({ length: 50 }, () => prove(authorization, wallet)));
      expect(ends.filter((end) => end === 'NOT_REFUSED')).toHaveLength(1);
    });
  });
});
