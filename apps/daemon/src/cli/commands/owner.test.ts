import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { base58 } from '@scure/base';
import {
  type ConnectedOwner,
  canonicalAddress,
  createNonceStore,
  createOwnerAuthenticator,
  createSignInVerifier,
  draftSignIn,
  requestPurpose,
  type SignInPurpose,
} from '@waiaas/auth';
import {
  canonicalJson,
  isoTime,
  ownerMessageRequestSchema,
  ownerStatement,
  type PendingApproval,
  systemClock,
  transactionResource,
  WaiaasError,
} from '@waiaas/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { processStamp } from '../../instance/index.ts';
import type { CommandIo } from '../command-io.ts';
import { withOwnerKey } from '../owner/key-file.ts';
import { signText } from '../owner/sign-text.ts';
import { runCli } from '../program.ts';
import { ownerCommands } from './owner.ts';

const PASSWORD = 'canary horse battery';
const TX = '01938e5c-0000-7000-8000-000000000001';
const OTHER_TX = '01938e5c-0000-7000-8000-000000000002';
const DELAYED_TX = '01938e5c-0000-7000-8000-000000000003';
const SWAPPED_TX = '01938e5c-0000-7000-8000-000000000004';
const AGENT = '01938e5c-0000-7000-8000-0000000000aa';
const OWNER_ID = '01938e5c-0000-7000-8000-0000000000bb';
const PAYEE = 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS';

/** A wallet with its key file, and what must never be printed of it. */
interface Wallet {
  readonly chain: 'solana' | 'ethereum';
  readonly address: string;
  readonly file: string;
  readonly canaries: readonly string[];
}

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly password: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

let root: string;
let dataDir: string;
let pretender: ChildProcess;
let server: Server;
let port: number;
let seen: Seen[];
let owner: ConnectedOwner | null;
let payments: PendingApproval[];
let decided: string[];
/** What a daemon that has been tampered with makes of a message. */
let tamper: (text: string) => string;

const payment = (txId: string, more: Partial<PendingApproval> = {}): PendingApproval => ({
  txId,
  agentId: AGENT,
  agentName: 'shopper',
  type: 'TRANSFER',
  asset: 'solana:native',
  amount: '12500000000',
  toAddress: PAYEE,
  chain: 'solana',
  network: 'devnet',
  tier: 'APPROVAL',
  queuedAt: isoTime(systemClock.now()),
  expiresAt: isoTime(systemClock.now() + 3_600_000),
  inWords: `pay 12.5 SOL to ${PAYEE} on solana devnet`,
  ...more,
});

const nonces = createNonceStore({ clock: systemClock, randomBytes: (length) => randomBytes(length) });
const verifying = {
  nonces,
  clock: systemClock,
  domains: () => [`127.0.0.1:${port}`, `localhost:${port}`],
  onRefused: () => undefined,
};
const verifier = createSignInVerifier(verifying);
const authenticator = createOwnerAuthenticator({ ...verifying, verifier, owner: { load: async () => owner } });

const read = async (incoming: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

const operator = ({ password }: Seen): void => {
  if (password !== PASSWORD) throw new WaiaasError('INVALID_MASTER_PASSWORD');
};
const alone = ({ password }: Seen): void => {
  if (password !== undefined) throw new WaiaasError('UNAUTHORIZED');
};

const paymentPurpose = (action: 'approve_tx' | 'reject_tx', txId: string): SignInPurpose => {
  const inWords = payments.find((waiting) => waiting.txId === txId)?.inWords;
  if (typeof inWords !== 'string') throw new WaiaasError('TX_NOT_FOUND');
  return { statement: ownerStatement(action, inWords), resource: transactionResource(txId) };
};

function compose(request: Seen): unknown {
  const { chain, address, action, method, path, body } = ownerMessageRequestSchema.parse(JSON.parse(request.body));
  const rawBody = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  if (action === 'approve_tx' || action === 'reject_tx') operator(request);
  const purpose =
    action === 'approve_tx' || action === 'reject_tx'
      ? paymentPurpose(action, path.split('/').at(-1) ?? '')
      : requestPurpose(action, { method, path, rawBody });
  const { nonce, expiresAt } = nonces.issue();
  const domain = `127.0.0.1:${port}`;
  const text = draftSignIn({ chain, address, domain, nonce, now: systemClock.now(), ...purpose });
  return { message: tamper(text), nonce, expiresAt: isoTime(expiresAt) };
}

const connect = (chain: ConnectedOwner['chain'], address: string) => {
  owner = { chain, address, authentic: true };
  return { ownerId: OWNER_ID, address, chain, connectedAt: isoTime(systemClock.now()) };
};

/** The routes of the owner, as a daemon has them: the signatures are really checked. */
async function answer(request: Seen): Promise<unknown> {
  const { method, path, body, authorization } = request;
  const [, verb, txId = ''] = /^\/v1\/owner\/(approve|reject)\/(.*)$/.exec(path) ?? [];
  const now = isoTime(systemClock.now());
  const signed = (action: 'update_settings' | 'change_owner' | 'connect_owner') => ({
    action,
    purpose: () => requestPurpose(action, { method, path, rawBody: body }),
  });
  if (path === '/v1/owner/status') {
    operator(request);
    const wallet =
      owner === null ? {} : { ownerId: OWNER_ID, chain: owner.chain, address: owner.address, connectedAt: now };
    const counts = { activeSessionCount: 1, pendingApprovalCount: payments.length };
    return { connected: owner !== null, ...wallet, systemState: 'NORMAL', ...counts };
  }
  if (path.startsWith('/v1/owner/pending-approvals?')) {
    operator(request);
    const cursor = new URLSearchParams(path.split('?')[1]).get('cursor');
    const at = cursor === null ? 0 : payments.findIndex((waiting) => waiting.txId === cursor);
    // Pages of two, so that clients have to turn them.
    return { transactions: payments.slice(at, at + 2), nextCursor: payments[at + 2]?.txId ?? null };
  }
  if (path === '/v1/owner/messages') return compose(request);
  if (path === '/v1/owner/connect') {
    operator(request);
    const claimed = JSON.parse(body);
    await authenticator.provePossession(authorization, signed('connect_owner'), claimed);
    return connect(claimed.chain, claimed.address);
  }
  if (path === '/v1/owner/change') {
    operator(request);
    const { chain, address, message, signature } = JSON.parse(body);
    const previousAddress = owner?.address;
    await authenticator.authenticate(authorization, signed('change_owner'));
    const rawBody = canonicalJson({ address, chain });
    await verifier.authorise(
      { chain, address, message, signature },
      requestPurpose('connect_owner', { method, path, rawBody }),
    );
    return { ...connect(chain, address), previousAddress, expiredTransactions: 2 };
  }
  if (method === 'DELETE' && path === '/v1/owner/disconnect') {
    alone(request);
    await authenticator.authenticate(authorization, signed('update_settings'));
    owner = null;
    return { disconnected: true, disconnectedAt: now, expiredTransactions: 3 };
  }
  if (verb === 'approve') {
    alone(request);
    const demand = { action: 'approve_tx', purpose: () => paymentPurpose('approve_tx', txId) } as const;
    const { address } = await authenticator.authenticate(authorization, demand);
    decided.push(`approved ${txId}`);
    return { transactionId: txId, status: 'EXECUTING', approvedAt: now, approvedBy: address };
  }
  if (verb === 'reject') {
    if (authorization === undefined) operator(request);
    else {
      alone(request);
      const demand = { action: 'reject_tx', purpose: () => paymentPurpose('reject_tx', txId) } as const;
      await authenticator.authenticate(authorization, demand);
    }
    const { reason } = body === '' ? {} : JSON.parse(body);
    decided.push(`rejected ${txId}`);
    return { transactionId: txId, status: 'CANCELLED', rejectedAt: now, rejectedBy: 'operator', reason };
  }
  throw new WaiaasError('TX_NOT_FOUND');
}

function startServer(): Server {
  return createServer((incoming, outgoing) => {
    const run = async (): Promise<void> => {
      const { method = '', url = '', headers } = incoming;
      const password = headers['x-master-password'];
      const request: Seen = {
        method,
        path: url,
        password: typeof password === 'string' ? password : undefined,
        authorization: headers.authorization,
        body: await read(incoming),
      };
      seen.push(request);
      try {
        const body = JSON.stringify(await answer(request));
        outgoing.writeHead(200, { 'content-type': 'application/json' }).end(body);
      } catch (error) {
        const { code, status, message } =
          error instanceof WaiaasError ? error : { code: 'INTERNAL_ERROR', status: 500, message: String(error) };
        const body = JSON.stringify({ code, message, requestId: 'r', retryable: false });
        outgoing.writeHead(status, { 'content-type': 'application/json' }).end(body);
      }
    };
    void run();
  });
}

function writeSecret(name: string, text: string, mode = 0o600): string {
  const path = join(root, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function solanaWallet(name = 'solana.json'): Wallet {
  const { secretKey, publicKey } = ed25519.keygen();
  const bytes = [...secretKey, ...publicKey];
  return {
    chain: 'solana',
    address: base58.encode(publicKey),
    file: writeSecret(name, JSON.stringify(bytes)),
    canaries: [bytes.slice(0, 12).join(','), base58.encode(secretKey), Buffer.from(secretKey).toString('hex')],
  };
}

function ethereumWallet(name = 'ethereum.key'): Wallet {
  const secret = secp256k1.utils.randomSecretKey();
  const hex = Buffer.from(secret).toString('hex');
  const file = writeSecret(name, `0x${hex}\n`);
  return {
    chain: 'ethereum',
    address: withOwnerKey(file, '--keypair', (key) => key.wallet.address),
    file,
    canaries: [hex],
  };
}

const canaries = new Set<string>();
const known = (wallet: Wallet): Wallet => {
  for (const canary of wallet.canaries) canaries.add(canary);
  return wallet;
};

interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Who sits at the command: a terminal, or a program that feeds it. */
interface Setting {
  readonly ask?: (question: string, shown: string) => string;
  readonly line?: (shown: string) => string | null;
}

/** Runs a command with the password in a file. No secret may show up in what it prints, whatever it is asked to do. */
async function waiaas(args: readonly string[], { ask, line }: Setting = {}): Promise<Finished> {
  let out = '';
  let err = '';
  const io: CommandIo = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: { WAIAAS_MASTER_PASSWORD_FILE: join(root, 'password') },
    home: root,
    umask: 0o077,
    status: null,
    askHidden: null,
    ask: ask === undefined ? null : async (question) => ask(question, err),
    inputLine: async () => line?.(err) ?? null,
  };
  const code = await runCli(['--data-dir', dataDir, ...args], io, [ownerCommands]);
  for (const canary of canaries) expect(out + err).not.toContain(canary);
  return { code, out, err };
}

const own = (wallet: Wallet): void => {
  owner = { chain: wallet.chain, address: wallet.address, authentic: true };
};
/** Signs like a tool that is not ours. */
const signWith = (wallet: Wallet, text: string): string =>
  withOwnerKey(wallet.file, '--keypair', (key) => signText(key, text));
const textFile = (name: string, text: string): string => writeSecret(name, text);
const textIn = (shown: string): string => {
  const [, file = ''] = /in (\S+message\.txt)/.exec(shown) ?? [];
  return readFileSync(file, 'utf8');
};
const sent = (path: string): readonly Seen[] => seen.filter((request) => request.path === path);

beforeAll(async () => {
  pretender = spawn(process.execPath, ['-e', "console.log('up'); setInterval(() => {}, 1000)"], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (pretender.stdout !== null) await once(pretender.stdout, 'data');
  server = startServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  port = address.port;
});
afterAll(() => {
  pretender.kill('SIGKILL');
  server.close();
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'waiaas-owner-'));
  dataDir = join(root, 'data-dir');
  mkdirSync(dataDir);
  const pid = pretender.pid ?? 0;
  writeFileSync(join(dataDir, 'daemon.pid'), String(pid));
  writeFileSync(join(dataDir, 'daemon.json'), JSON.stringify({ pid, port, stamp: processStamp(pid) }));
  writeSecret('password', `${PASSWORD}\n`);
  canaries.clear();
  canaries.add(PASSWORD);
  seen = [];
  decided = [];
  owner = null;
  tamper = (text) => text;
  payments = [
    payment(OTHER_TX, { amount: '1000000000', inWords: `pay 1 SOL to ${PAYEE} on solana devnet` }),
    payment(DELAYED_TX, { tier: 'DELAY' }),
    payment(SWAPPED_TX, { inWords: null }),
    payment(TX, { memo: 'books' }),
  ];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const BOTH = [['solana', solanaWallet] as const, ['ethereum', ethereumWallet] as const];

describe.each(BOTH)('with a key file of %s', (chain, makeWallet) => {
  test('connect, approve, reject, disconnect: the daemon accepts each signature', async () => {
    const wallet = known(makeWallet());
    const keypair = ['--keypair', wallet.file, '--yes'];
    const connected = await waiaas([
      'owner',
      'connect',
      '--chain',
      chain,
      '--address',
      wallet.address,
      ...keypair,
      '--json',
    ]);
    expect([connected.code, connected.err]).toEqual([0, '']);
    expect(JSON.parse(connected.out)).toMatchObject({ chain, address: wallet.address });
    const approved = await waiaas(['owner', 'approve', TX, ...keypair]);
    expect(approved).toMatchObject({ code: 0, out: expect.stringContaining('the payment is on its way') });
    expect(approved.err).toContain(`pay 12.5 SOL to ${PAYEE} on solana devnet`);
    expect(await waiaas(['owner', 'reject', OTHER_TX, ...keypair, '--reason', 'too much'])).toMatchObject({ code: 0 });
    expect(decided).toEqual([`approved ${TX}`, `rejected ${OTHER_TX}`]);
    const gone = await waiaas(['owner', 'disconnect', ...keypair]);
    expect([gone.code, gone.out, owner]).toEqual([0, expect.stringContaining('3 payments'), null]);
  });

  test('the password goes where it belongs and never along with an approval', async () => {
    const wallet = known(makeWallet());
    own(wallet);
    await waiaas(['owner', 'approve', TX, '--keypair', wallet.file, '--yes']);
    const [approval] = sent(`/v1/owner/approve/${TX}`);
    expect([approval?.password, approval?.body]).toEqual([undefined, '']);
    expect(approval?.authorization).toMatch(/^Bearer [A-Za-z0-9_-]+$/);
  });

  test('two steps: message, sign, approve', async () => {
    const wallet = known(makeWallet());
    own(wallet);
    const file = join(root, 'to-sign');
    const message = await waiaas([
      ...['owner', 'message', '--action', 'approve_tx', '--path', `/v1/owner/approve/${TX}`, '--out', file],
    ]);
    expect([message.code, message.out, statSync(file).mode & 0o777]).toEqual([0, '', 0o600]);
    const signed = await waiaas(['owner', 'sign', '--keypair', wallet.file, '--message-file', file, '--yes']);
    expect([signed.code, signed.out.trim()]).toEqual([0, signWith(wallet, readFileSync(file, 'utf8'))]);
    const given = ['--message-file', file, '--signature', signed.out.trim()];
    expect(await waiaas(['owner', 'approve', TX, ...given])).toMatchObject({ code: 0 });
    const again = await waiaas(['owner', 'approve', TX, ...given]);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('INVALID_NONCE')]);
    expect(decided).toEqual([`approved ${TX}`]);
  });

  test('one step: the text is shown and kept in a private file, the signature comes from the prompt', async () => {
    const wallet = known(makeWallet());
    own(wallet);
    let file = '';
    const { code, err } = await waiaas(['owner', 'approve', TX], {
      ask: (question, shown) => {
        expect(question).toBe('Signature: ');
        [, file = ''] = /in (\S+message\.txt)/.exec(shown) ?? [];
        const modes = [statSync(file), statSync(join(file, '..'))].map(({ mode }) => mode & 0o777);
        expect(modes).toEqual([0o600, 0o700]);
        expect(shown).toContain(readFileSync(file, 'utf8'));
        return `  ${signWith(wallet, textIn(shown))} `;
      },
    });
    expect([code, err]).toEqual([0, expect.stringContaining('five minutes')]);
    expect([decided, existsSync(file)]).toEqual([[`approved ${TX}`], false]);
  });

  test('one step for programs: the text as JSON on stderr, the signature from standard input', async () => {
    const wallet = known(makeWallet());
    own(wallet);
    const { code, out } = await waiaas(['owner', 'approve', TX, '--json'], {
      line: (shown) => signWith(wallet, JSON.parse(shown).message),
    });
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ transactionId: TX, status: 'EXECUTING' })]);
  });

  test('change: both wallets sign, the new one first', async () => {
    const wallet = known(makeWallet());
    const next = known(solanaWallet('next.json'));
    own(wallet);
    const { code, out } = await waiaas([
      ...['owner', 'change', '--chain', next.chain, '--address', next.address, '--new-keypair', next.file],
      ...['--keypair', wallet.file, '--yes'],
    ]);
    expect([code, out]).toEqual([0, expect.stringContaining(wallet.address)]);
    expect(owner).toMatchObject({ chain: 'solana', address: next.address });
  });

  test('change with both signatures from standard input', async () => {
    const wallet = known(makeWallet());
    const next = known(ethereumWallet('next.key'));
    own(wallet);
    const signers = [next, wallet];
    const { code } = await waiaas(['owner', 'change', '--chain', next.chain, '--address', next.address, '--json'], {
      line: (shown) => {
        const signer = signers.shift();
        return signer === undefined
          ? null
          : signWith(signer, JSON.parse(shown.trim().split('\n').at(-1) ?? '').message);
      },
    });
    expect([code, owner?.address]).toEqual([0, next.address]);
  });

  test('the key of another wallet is refused before the daemon is asked for a text', async () => {
    own(known(makeWallet()));
    const stranger = known(makeWallet('stranger'));
    const { code, err } = await waiaas(['owner', 'approve', TX, '--keypair', stranger.file, '--yes']);
    expect([code, err]).toEqual([1, expect.stringContaining('OWNER_MISMATCH')]);
    expect([sent('/v1/owner/messages'), decided]).toEqual([[], []]);
  });

  test('a signature that does not hold is not sent', async () => {
    const wallet = known(makeWallet());
    own(wallet);
    const stranger = known(makeWallet('stranger'));
    for (const line of [
      (shown: string) => signWith(stranger, textIn(shown)),
      (shown: string) => signWith(wallet, `${textIn(shown)}\n`),
      () => 'nonsense \u001b[2J',
      () => '0x',
    ]) {
      const { code, err } = await waiaas(['owner', 'approve', TX], { line });
      expect([code, err]).toEqual([1, expect.stringContaining('not a signature of')]);
      expect(err).not.toContain('\u001b');
    }
    for (const line of [() => null, () => '  ']) {
      const { code, err } = await waiaas(['owner', 'approve', TX], { line });
      expect([code, err]).toEqual([1, expect.stringContaining('No signature was given')]);
    }
    expect(sent(`/v1/owner/approve/${TX}`)).toEqual([]);
  });
});

describe('signatures as other tools print them', () => {
  test('hex and base64 on Solana, hex without 0x on Ethereum', async () => {
    const solana = known(solanaWallet());
    const forms = [
      (bytes: Uint8Array) => Buffer.from(bytes).toString('hex'),
      (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex').toUpperCase()}`,
      (bytes: Uint8Array) => Buffer.from(bytes).toString('base64'),
    ];
    own(solana);
    for (const form of forms) {
      const line = (shown: string) => form(base58.decode(signWith(solana, textIn(shown))));
      expect(await waiaas(['owner', 'approve', TX], { line })).toMatchObject({ code: 0 });
    }
    const ethereum = known(ethereumWallet());
    own(ethereum);
    const line = (shown: string) => signWith(ethereum, textIn(shown)).slice(2);
    expect(await waiaas(['owner', 'approve', TX], { line })).toMatchObject({ code: 0 });
    expect(decided).toHaveLength(4);
  });
});

describe('a daemon that is not to be trusted', () => {
  const swapLine = (index: number, line: string) => (text: string) =>
    text
      .split('\n')
      .map((old, at) => (at === index ? line : old))
      .join('\n');
  const statement = (text: string) => swapLine(3, text);
  const resource = (text: string) => swapLine(12, `- ${text}`);

  test.each<[string, (text: string) => string]>([
    ['another transaction', resource(transactionResource(OTHER_TX))],
    ['another recipient', statement(`WAIaaS Owner Action: approve_tx - pay 12.5 SOL to ${AGENT} on solana devnet`)],
    ['another amount', (text) => text.replace('pay 12.5 SOL', 'pay 125 SOL')],
    ['no words at all', statement('WAIaaS Owner Action: approve_tx')],
    ['another action', (text) => text.replace('approve_tx', 'reject_tx')],
    ['a request hash', resource(`urn:waiaas:req:sha256:${'0'.repeat(64)}`)],
    ['another domain', (text) => text.replaceAll(`127.0.0.1:${port}`, 'example.com')],
    ['a domain with a port that is not ours', (text) => text.replaceAll(`:${port}`, ':1')],
    ['a URI elsewhere', (text) => text.replace('URI: http://127.0.0.1', 'URI: http://evil.example')],
    ['another account', (text) => text.replace(/^.*$/m, (first) => first).replace('Solana', 'Ethereum')],
    ['another address', swapLine(1, PAYEE)],
    ['another chain id', (text) => text.replace('Chain ID: 1', 'Chain ID: 5')],
    ['an extra line', (text) => `${text}\n- urn:waiaas:tx:${OTHER_TX}`],
    ['an extra line before', (text) => `Sign this:\n${text}`],
    ['a line feed at the end', (text) => `${text}\n`],
    ['a hidden line', (text) => text.replace('pay 12.5', 'pay 0.1 SOL\rpay 12.5')],
    ['terminal escapes', (text) => text.replace('pay 12.5', '\u001b[8mpay 12.5')],
    ['text that runs right to left', (text) => text.replace('pay', '\u202epay')],
    ['a nonce that is not the one beside it', (text) => text.replace(/Nonce: .*/, `Nonce: ${'0'.repeat(32)}`)],
    [
      'a life of an hour',
      (text) => text.replace(/Expiration Time: .*/, `Expiration Time: ${isoTime(systemClock.now() + 3_600_000)}`),
    ],
    [
      'a message of yesterday',
      (text) =>
        text
          .replace(/Issued At: .*/, `Issued At: ${isoTime(systemClock.now() - 86_400_000)}`)
          .replace(/Expiration Time: .*/, `Expiration Time: ${isoTime(systemClock.now() - 86_100_000)}`),
    ],
    [
      'a message of tomorrow',
      (text) => text.replace(/Issued At: .*/, `Issued At: ${isoTime(systemClock.now() + 86_400_000)}`),
    ],
    ['nothing', () => ''],
    ['very much', (text) => text + 'x'.repeat(10_000)],
  ])('has %s signed neither by key file nor by hand', async (_name, change) => {
    const wallet = known(solanaWallet());
    own(wallet);
    tamper = change;
    let asked = 0;
    for (const args of [['--keypair', wallet.file, '--yes'], []]) {
      const line = (): string => {
        asked += 1;
        return 'x';
      };
      const { code, out, err } = await waiaas(['owner', 'approve', TX, ...args], { line });
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(/Do not sign it|no longer valid/);
      expect(err).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
    }
    const file = join(root, 'to-sign');
    const target = ['--action', 'approve_tx', '--path', `/v1/owner/approve/${TX}`, '--out', file];
    expect(await waiaas(['owner', 'message', ...target])).toMatchObject({ code: 1, out: '' });
    expect([asked, decided, sent(`/v1/owner/approve/${TX}`), existsSync(file)]).toEqual([0, [], [], false]);
  });

  test('a payment whose words are missing or about somebody else is not offered for a signature', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    const mint = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
    const token = { address: mint, decimals: 6, symbol: 'USDC' };
    const usdc = { asset: `solana:${mint}`, token, amount: '3000000' };
    const lies: readonly Partial<PendingApproval>[] = [
      { toAddress: wallet.address },
      { amount: '1250000000' },
      { network: 'mainnet-beta' },
      // A token under the words of the coin, and one under those of another token.
      { ...usdc, amount: '12500000' },
      { ...usdc, inWords: `pay 3 USDC (token ${PAYEE}) to ${PAYEE} on solana devnet` },
      { ...usdc, asset: 'solana:native', inWords: `pay 3 USDC (token ${mint}) to ${PAYEE} on solana devnet` },
    ];
    const lyingId = (index: number) => `01938e5c-0000-7000-8000-0000000001${index.toString().padStart(2, '0')}`;
    payments.push(...lies.map((lie, index) => payment(lyingId(index), lie)));
    for (const [txId, reason] of [
      [SWAPPED_TX, 'not the one that was admitted'] as const,
      ...lies.map((_lie, index) => [lyingId(index), 'not about the amount, asset and recipient'] as const),
    ]) {
      const { code, err } = await waiaas(['owner', 'approve', txId, '--keypair', wallet.file, '--yes']);
      expect([code, err]).toEqual([1, expect.stringContaining(reason)]);
    }
    expect(sent('/v1/owner/messages')).toEqual([]);
  });

  test('names and memos cannot command the terminal', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    payments = [payment(TX, { agentName: 'bot\u001b[2J\u202e', memo: '\u009b2Jgift\r\n' })];
    const listed = await waiaas(['owner', 'pending']);
    const approved = await waiaas(['owner', 'approve', TX, '--keypair', wallet.file, '--yes']);
    expect(listed.code + approved.code).toBe(0);
    expect(listed.out + approved.err).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
  });

  test('a message for connecting that is bound to another wallet is refused', async () => {
    const wallet = known(solanaWallet());
    tamper = (text) =>
      text.replace(
        /- urn.*/,
        `- ${requestPurpose('connect_owner', { method: 'POST', path: '/v1/owner/connect', rawBody: canonicalJson({ address: PAYEE, chain: 'solana' }) }).resource}`,
      );
    const target = ['--chain', 'solana', '--address', wallet.address, '--keypair', wallet.file, '--yes'];
    const { code, err } = await waiaas(['owner', 'connect', ...target]);
    expect([code, err, owner]).toEqual([1, expect.stringContaining('bound to'), null]);
  });
});

describe('what waits', () => {
  test('pending lists every page with words and deadline', async () => {
    const { code, out } = await waiaas(['owner', 'pending']);
    expect(code).toBe(0);
    for (const text of [
      TX,
      OTHER_TX,
      'shopper',
      `pay 12.5 SOL to ${PAYEE} on solana devnet`,
      'approve until',
      'runs at',
    ]) {
      expect(out).toContain(text);
    }
    expect(out).toContain('not the payment that was admitted');
    const json = JSON.parse((await waiaas(['owner', 'pending', '--json'])).out);
    expect(json.transactions.map(({ txId }: PendingApproval) => txId)).toEqual([OTHER_TX, DELAYED_TX, SWAPPED_TX, TX]);
    payments = [];
    expect((await waiaas(['owner', 'pending'])).out).toBe('No payment waits.\n');
  });

  test('status with and without an owner', async () => {
    expect((await waiaas(['owner', 'status'])).out).toContain('none; connect one');
    const wallet = known(ethereumWallet());
    own(wallet);
    expect((await waiaas(['owner', 'status'])).out).toContain(wallet.address);
    expect(JSON.parse((await waiaas(['owner', 'status', '--json'])).out)).toMatchObject({
      connected: true,
      systemState: 'NORMAL',
    });
  });

  test('a payment that waits for time, or for nothing, is not approved', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    const delayed = await waiaas(['owner', 'approve', DELAYED_TX, '--keypair', wallet.file, '--yes']);
    expect([delayed.code, delayed.err]).toEqual([1, expect.stringContaining('waits for time')]);
    payments = [];
    const gone = await waiaas(['owner', 'approve', TX, '--keypair', wallet.file, '--yes']);
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('does not wait')]);
  });

  test('the master password alone rejects, also what has no words', async () => {
    const { code, out } = await waiaas(['owner', 'reject', SWAPPED_TX, '--reason', 'odd']);
    expect([code, out]).toEqual([0, expect.stringContaining('odd')]);
    expect(decided).toEqual([`rejected ${SWAPPED_TX}`]);
    expect(sent('/v1/owner/messages')).toEqual([]);
  });

  test('--as-owner rejects with a signature instead of the password', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    const { code } = await waiaas(['owner', 'reject', TX, '--as-owner'], {
      line: (shown) => signWith(wallet, textIn(shown)),
    });
    expect([code, sent(`/v1/owner/reject/${TX}`)[0]?.password]).toEqual([0, undefined]);
  });
});

describe('asking', () => {
  test('on a terminal nothing is signed without a yes', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    for (const answer of ['', 'n', 'no', 'sure']) {
      const { code, err } = await waiaas(['owner', 'approve', TX, '--keypair', wallet.file], { ask: () => answer });
      expect([code, err]).toEqual([1, expect.stringContaining('Nothing was signed')]);
    }
    const yes = await waiaas(['owner', 'approve', TX, '--keypair', wallet.file], {
      ask(question, shown) {
        expect(question).toContain('Sign this');
        expect(shown).toContain('WAIaaS Owner Action: approve_tx - pay 12.5 SOL');
        return 'y';
      },
    });
    expect([yes.code, decided]).toEqual([0, [`approved ${TX}`]]);
  });

  test('without a terminal only --yes is a yes', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    const { code, err } = await waiaas(['owner', 'approve', TX, '--keypair', wallet.file, '--json']);
    expect([code, err]).toEqual([1, expect.stringContaining('CONFIRMATION_NEEDED')]);
    expect(decided).toEqual([]);
  });

  test('who connects while somebody is connected is told before signing', async () => {
    own(known(solanaWallet()));
    const wallet = known(ethereumWallet());
    const target = ['--chain', 'ethereum', '--address', wallet.address, '--keypair', wallet.file, '--yes'];
    const { code, err } = await waiaas(['owner', 'connect', ...target]);
    expect([code, err]).toEqual([1, expect.stringContaining('OWNER_ALREADY_CONNECTED')]);
    expect(sent('/v1/owner/messages')).toEqual([]);
  });

  test('an address on Ethereum may be given in lower case', async () => {
    const wallet = known(ethereumWallet());
    const target = [
      '--chain',
      'ethereum',
      '--address',
      wallet.address.toLowerCase(),
      '--keypair',
      wallet.file,
      '--yes',
    ];
    expect(await waiaas(['owner', 'connect', ...target])).toMatchObject({ code: 0 });
    expect(owner?.address).toBe(wallet.address);
  });

  test.each([
    [['approve', 'nonsense'], 'by its id'],
    [['approve', TX, '--keypair', 'k', '--message-file', 'm'], 'not both'],
    [['approve', TX, '--signature', 's'], '--signature needs --message-file'],
    [['reject', TX, '--reason', 'a\u001bb'], '--reason must be one line'],
    [['connect', '--chain', 'dogecoin', '--address', PAYEE], '--chain must be one of'],
    [['connect', '--chain', 'solana', '--address', `${PAYEE.slice(0, -1)}0`], '--address must be an address'],
    [['connect', '--chain', 'ethereum', '--address', PAYEE], '--address must be an address'],
    [['message', '--action', 'steal', '--path', '/x'], '--action must be one of'],
    [['message', '--action', 'recover', '--path', 'x'], '--path must be'],
    [['message', '--action', 'recover', '--path', '/x', '--method', 'PATCH'], '--method must be one of'],
    [['message', '--action', 'recover', '--path', '/x', '--chain', 'solana'], 'Give both'],
    [['message', '--action', 'approve_tx', '--path', `/v1/owner/reject/${TX}`], 'POST /v1/owner/approve'],
    [['approve', TX, '--message-file', '/nonexistent'], 'cannot be read (ENOENT)'],
  ])('%j is refused and nothing is signed', async (args, message) => {
    own(known(solanaWallet()));
    const { code, out, err } = await waiaas(['owner', ...args]);
    expect([code, out, err]).toEqual([1, '', expect.stringContaining(message)]);
    expect(decided).toEqual([]);
  });
});

describe('texts in files', () => {
  const draft = (wallet: Wallet, more: Partial<Parameters<typeof draftSignIn>[0]> = {}): string =>
    draftSignIn({
      chain: wallet.chain,
      address: wallet.address,
      domain: `127.0.0.1:${port}`,
      nonce: nonces.issue().nonce,
      now: systemClock.now(),
      statement: ownerStatement('approve_tx', `pay 12.5 SOL to ${PAYEE} on solana devnet`),
      resource: transactionResource(TX),
      ...more,
    });
  const sign = (wallet: Wallet, text: string, setting?: Setting, ...more: readonly string[]) =>
    waiaas(['owner', 'sign', '--keypair', wallet.file, '--message-file', textFile('text', text), ...more], setting);

  test('sign needs no daemon', async () => {
    const wallet = known(solanaWallet());
    rmSync(join(dataDir, 'daemon.pid'));
    const text = draft(wallet);
    const { code, out } = await sign(wallet, text, {}, '--yes', '--json');
    expect([code, JSON.parse(out)]).toEqual([
      0,
      { chain: 'solana', address: wallet.address, signature: signWith(wallet, text) },
    ]);
    expect(seen).toEqual([]);
  });

  test('sign takes away the line feed that an editor put at the end', async () => {
    const wallet = known(ethereumWallet());
    const text = draft(wallet);
    expect((await sign(wallet, `${text}\n`, {}, '--yes')).out.trim()).toBe(signWith(wallet, text));
  });

  test('sign shows the text and asks', async () => {
    const wallet = known(solanaWallet());
    const text = draft(wallet);
    const no = await sign(wallet, text, { ask: () => 'n' });
    expect([no.code, no.out]).toEqual([1, '']);
    const yes = await sign(wallet, text, { ask: (_question, shown) => (shown.includes(text) ? 'yes' : 'no') });
    expect([yes.code, yes.out.trim()]).toEqual([0, signWith(wallet, text)]);
    expect((await sign(wallet, text)).err).toContain('no terminal');
  });

  test.each<[string, (wallet: Wallet) => string, string]>([
    ['any other text', () => 'transfer everything', 'not a sign-in message'],
    ['nothing', () => '', 'not a sign-in message'],
    ['a message with a line more', (wallet) => `${draft(wallet)}\nand more`, 'not a sign-in message'],
    ['two line feeds', (wallet) => `${draft(wallet)}\n\n`, 'not a sign-in message'],
    ['a byte order mark', (wallet) => `\ufeff${draft(wallet)}`, 'not a sign-in message'],
    ['escapes', (wallet) => draft(wallet).replace('pay', '\u001b[2Kpay'), 'not a sign-in message'],
    [
      'a message for a web site',
      (wallet) => draft(wallet, { domain: 'example.com' }),
      'not for a daemon on this machine',
    ],
    [
      'a look-alike of this machine',
      (wallet) => draft(wallet, { domain: 'localhost.example:3100' }),
      'not for a daemon on this machine',
    ],
    [
      'a statement of another service',
      (wallet) => draft(wallet, { statement: 'Log in to Example' }),
      'none of an owner',
    ],
    [
      'a message of six minutes ago',
      (wallet) => draft(wallet, { now: systemClock.now() - 360_000 }),
      'no longer valid',
    ],
    ['a message of the future', (wallet) => draft(wallet, { now: systemClock.now() + 120_000 }), 'from the future'],
    ['a message for another wallet', () => draft(known(solanaWallet('another.json'))), 'OWNER_MISMATCH'],
    ['a message for another chain', () => draft(known(ethereumWallet('another.key'))), 'OWNER_MISMATCH'],
  ])('sign refuses %s', async (_name, text, message) => {
    const wallet = known(solanaWallet());
    const { code, out, err } = await sign(wallet, text(wallet), {}, '--yes');
    expect([code, out, err]).toEqual([1, '', expect.stringContaining(message)]);
    expect(err).not.toContain('\u001b');
  });

  test('a message that expired is not sent, and one for another payment neither', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    for (const [text, message] of [
      [draft(wallet, { now: systemClock.now() - 300_001 }), 'no longer valid'],
      [draft(wallet, { resource: transactionResource(OTHER_TX) }), 'bound to'],
      [draft(wallet, { domain: 'localhost:1' }), 'not for the daemon on port'],
    ] as const) {
      const given = ['--message-file', textFile('text', text), '--signature', signWith(wallet, text)];
      const { code, err } = await waiaas(['owner', 'approve', TX, ...given]);
      expect([code, err]).toEqual([1, expect.stringContaining(message)]);
    }
    expect(sent(`/v1/owner/approve/${TX}`)).toEqual([]);
  });

  test('a message file without a signature: the signature is asked for', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    const text = draft(wallet, { domain: `localhost:${port}` });
    const { code } = await waiaas(['owner', 'approve', TX, '--message-file', textFile('text', text)], {
      ask: () => signWith(wallet, text),
    });
    expect([code, decided, existsSync(join(root, 'text'))]).toEqual([0, [`approved ${TX}`], true]);
  });

  test('message prints the text to the byte, for any request, without a password where the wallet is named', async () => {
    const wallet = known(ethereumWallet());
    rmSync(join(root, 'password'));
    const rawBody = '{ "enabled": true }\n';
    const { code, out, err } = await waiaas([
      ...['owner', 'message', '--action', 'update_settings', '--method', 'put', '--path', '/v1/owner/settings'],
      ...['--body-file', textFile('body', rawBody), '--chain', 'ethereum', '--address', wallet.address],
    ]);
    const { resource } = requestPurpose('update_settings', { method: 'PUT', path: '/v1/owner/settings', rawBody });
    expect([code, out.split('\n').at(-1)]).toEqual([0, `- ${resource}`]);
    expect(err).toContain('five minutes');
    expect(sent('/v1/owner/messages')[0]?.password).toBeUndefined();
    expect(signWith(wallet, out)).toBe((await sign(wallet, out, {}, '--yes')).out.trim());
  });

  test('message never writes over a file, nor through a link', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    const target = ['owner', 'message', '--action', 'approve_tx', '--path', `/v1/owner/approve/${TX}`, '--out'];
    const { code, err } = await waiaas([...target, textFile('there', 'kept')]);
    expect([code, err]).toEqual([1, expect.stringContaining('is there already')]);
    expect(readFileSync(join(root, 'there'), 'utf8')).toBe('kept');
  });
});

describe('key files', () => {
  const attempt = (file: string) => waiaas(['owner', 'approve', TX, '--keypair', file, '--yes']);

  test.each([0o640, 0o604, 0o644, 0o620, 0o666])('one with mode %o is refused', async (mode) => {
    const wallet = known(solanaWallet());
    own(wallet);
    chmodSync(wallet.file, mode);
    const { code, err } = await attempt(wallet.file);
    expect([code, err]).toEqual([1, expect.stringMatching(/can be used by others[\s\S]*chmod 600/)]);
    expect(decided).toEqual([]);
  });

  const bytes = (count: number, value = 7): string => JSON.stringify(new Array(count).fill(value));
  test.each<[string, string]>([
    ['nothing', ''],
    ['white space', ' \n'],
    ['63 bytes', bytes(63)],
    ['65 bytes', bytes(65)],
    ['a public key that is not that of the seed', bytes(64)],
    ['a byte over 255', bytes(64, 256)],
    ['a negative byte', bytes(64, -7)],
    ['a fraction', bytes(64, 1.5)],
    ['a list that does not end', bytes(64).slice(0, -1)],
    ['something after the list', `${bytes(64)} x`],
    ['an object', '{"secretKey":[7]}'],
    ['hex without 0x', 'canary00'.repeat(8)],
    ['63 digits', `0x${'7'.repeat(63)}`],
    ['65 digits', `0x${'7'.repeat(65)}`],
    ['a digit that is none', `0x${'7'.repeat(63)}g`],
    ['zero', `0x${'0'.repeat(64)}`],
    ['more than the order of the curve', `0x${'f'.repeat(64)}`],
    ['base58', '5JueQ9MzZ7vYpN8mVp4'],
  ])('%s is not a key, and is not quoted', async (_name, text) => {
    own(known(solanaWallet()));
    const { code, err } = await attempt(writeSecret('bad', text));
    expect([code, err]).toEqual([1, expect.stringContaining('does not hold a key')]);
    expect(err).not.toMatch(/7,7|777|canary00|5JueQ/);
    expect(decided).toEqual([]);
  });

  test('a missing file, a directory, a huge file', async () => {
    own(known(solanaWallet()));
    for (const [file, message] of [
      [join(root, 'missing'), 'ENOENT'],
      [root, 'is not a file'],
      [writeSecret('huge', '7'.repeat(70_000)), 'larger than'],
    ] as const) {
      const { code, err } = await attempt(file);
      expect([code, err]).toEqual([1, expect.stringContaining(message)]);
    }
  });

  test('a list with white space and line feeds is one', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    const spaced = readFileSync(wallet.file, 'utf8')
      .replaceAll(',', ' ,\n ')
      .replace('[', '[ ')
      .replace(']', '\t]\r\n');
    expect(await attempt(writeSecret('spaced', spaced))).toMatchObject({ code: 0 });
  });
});

describe('no daemon, no password', () => {
  test('no daemon: exit code 3, and nothing is asked for', async () => {
    rmSync(join(dataDir, 'daemon.pid'));
    for (const args of [
      ['pending'],
      ['approve', TX],
      ['message', '--action', 'recover', '--path', '/x', '--chain', 'solana', '--address', PAYEE],
    ]) {
      const { code, err } = await waiaas(['owner', ...args]);
      expect([code, err]).toEqual([3, expect.stringContaining('No daemon is running')]);
    }
    expect(seen).toEqual([]);
  });

  test('a wrong password: exit code 4, before anything is signed', async () => {
    const wallet = known(solanaWallet());
    own(wallet);
    canaries.add(writeSecret('password', 'wrong canary words') && 'wrong canary words');
    for (const args of [['status'], ['pending'], ['approve', TX, '--keypair', wallet.file, '--yes'], ['reject', TX]]) {
      const { code, err } = await waiaas(['owner', ...args]);
      expect([code, err]).toEqual([4, expect.stringContaining('INVALID_MASTER_PASSWORD')]);
    }
    expect(sent('/v1/owner/messages')).toEqual([]);
  });

  test('no owner: nothing to sign with', async () => {
    const wallet = known(solanaWallet());
    for (const args of [['approve', TX, '--keypair', wallet.file], ['disconnect']]) {
      const { code, err } = await waiaas(['owner', ...args]);
      expect([code, err]).toEqual([1, expect.stringContaining('No owner is connected')]);
    }
  });

  test('nothing is left behind in the directory for temporary files', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('waiaas-sign-'));
    own(known(solanaWallet()));
    await waiaas(['owner', 'approve', TX], { line: () => 'x' });
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('waiaas-sign-'))).toEqual(before);
  });

  test('the help says what does not work', async () => {
    const { code, out } = await waiaas(['owner', 'approve', '--help']);
    expect([code, out]).toEqual([0, expect.stringContaining('five minutes')]);
    expect(out).not.toContain('sign-offchain-message');
    expect(canonicalAddress('solana', PAYEE)).toBe(PAYEE);
  });
});
