import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { keccak256, Wallet } from 'ethers';

/*
 * Writes vectors/sign-in.vectors.json. Signatures come from other implementations than the verifier's: Ed25519 from Node's
 * OpenSSL, EIP-191 from ethers. The keys are made from fixed words, so a second run writes the same file.
 */

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
function base58(bytes: Uint8Array): string {
  let number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; number > 0n; number /= 58n) text = ALPHABET.charAt(Number(number % 58n)) + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = `1${text}`;
  }
  return text;
}

const seed = (word: string): Buffer => createHash('sha256').update(word).digest();
function solanaSigner(word: string) {
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed(word)]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12);
  return { key, address: base58(publicKey), sign: (message: string) => base58(sign(null, Buffer.from(message), key)) };
}
function ethereumSigner(word: string) {
  const wallet = new Wallet(`0x${seed(word).toString('hex')}`);
  return {
    key: wallet.signingKey,
    address: wallet.address,
    sign: (message: string) => wallet.signMessageSync(message),
  };
}

/** The same signature for a verifier that does not ask S to be below the order. */
function withOrderAdded(signature: Buffer): Buffer {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + SOLANA_ORDER;
  const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([signature.subarray(0, 32), bytes]);
}

const NOW = Date.UTC(2026, 10, 1, 12);
const NONCE = '00112233445566778899aabbccddeeff';
const TX = 'urn:waiaas:tx:01a205ca-7607-729f-a8d3-0a119d9107d0';
const STATEMENT =
  'WAIaaS Owner Action: approve_tx - pay 12.5 SOL to Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS on solana devnet';

type Chain = 'solana' | 'ethereum';
interface Lines {
  domain: string;
  account: string;
  address: string;
  statement: string;
  uri: string;
  version: string;
  chainId: string;
  nonce: string;
  issuedAt: string;
  expirationTime: string;
  resource: string;
}
const iso = (ms: number): string => new Date(ms).toISOString();
const layout = (l: Lines): string =>
  `${l.domain} wants you to sign in with your ${l.account} account:\n${l.address}\n\n${l.statement}\n\nURI: ${l.uri}\nVersion: ${l.version}\nChain ID: ${l.chainId}\nNonce: ${l.nonce}\nIssued At: ${l.issuedAt}\nExpiration Time: ${l.expirationTime}\nResources:\n- ${l.resource}`;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
/** What another request than the approval expects; worked out here by hand, not by the code under test. */
const SESSION = {
  statement: 'Sign in to WAIaaS to create an agent session.',
  resource: `urn:waiaas:session:01936d3a-7f00-7001-9abc-fedcba987654:sha256:${sha256('{"expiresIn":3600,"maxAmountPerTx":"1000000000"}')}`,
};
const SESSION_WITHOUT_LIMIT = `urn:waiaas:session:01936d3a-7f00-7001-9abc-fedcba987654:sha256:${sha256('{"expiresIn":3600}')}`;
const POLICY = {
  statement: 'WAIaaS Owner Action: update_settings',
  resource: `urn:waiaas:req:sha256:${sha256('POST\n/v1/owner/policies\n{"type":"WHITELIST"}')}`,
};
const OTHER_BODY = `urn:waiaas:req:sha256:${sha256('POST\n/v1/owner/policies\n{"type":"RATE_LIMIT"}')}`;

const LINES = [
  'the first',
  'the address',
  'the empty one before the statement',
  'the statement',
  'the empty one behind the statement',
  'the URI',
  'the version',
  'the chain id',
  'the nonce',
  'the time of issue',
  'the expiration time',
  'the heading of the resources',
  'the resource',
];

/** The message in which every small key signs: R is the identity and S is 0. */
const IDENTITY = Buffer.from(`01${'00'.repeat(31)}`, 'hex');
const SMALL_KEYS = {
  'the identity point as key': IDENTITY,
  'a key of order two': Buffer.from(`ec${'ff'.repeat(30)}7f`, 'hex'),
  'a key of order four': Buffer.alloc(32),
  'a key of order eight': Buffer.from('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'hex'),
  'the identity point in a spelling of its own': Buffer.from(`01${'00'.repeat(30)}80`, 'hex'),
};
const SOLANA_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const SIGNERS = {
  solana: { owner: solanaSigner('owner'), thief: solanaSigner('thief') },
  ethereum: { owner: ethereumSigner('owner'), thief: ethereumSigner('thief') },
};
const ACCOUNT = { solana: 'Solana', ethereum: 'Ethereum' } as const;

const vectors: Record<string, unknown>[] = [];
for (const chain of ['solana', 'ethereum'] as const satisfies readonly Chain[]) {
  const { owner, thief } = SIGNERS[chain];
  const good: Lines = {
    domain: 'localhost:3100',
    account: ACCOUNT[chain],
    address: owner.address,
    statement: STATEMENT,
    uri: 'http://localhost:3100',
    version: '1',
    chainId: '1',
    nonce: NONCE,
    issuedAt: iso(NOW - 1000),
    expirationTime: iso(NOW + 299_000),
    resource: TX,
  };
  const add = (
    name: string,
    verdict: string,
    message: string,
    signature = owner.sign(message),
    expected?: { readonly statement: string; readonly resource: string },
  ): void => {
    const purpose = expected === undefined ? {} : { expected };
    vectors.push({ name: `${chain}: ${name}`, chain, address: owner.address, message, signature, ...purpose, verdict });
  };
  const change = (
    name: string,
    verdict: string,
    lines: Partial<Lines>,
    expected?: { readonly statement: string; readonly resource: string },
  ): void => {
    const message = layout({ ...good, ...lines });
    add(name, verdict, message, owner.sign(message), expected);
  };
  const text = layout(good);

  add('what the daemon composed, signed by the owner', 'OK', text);
  change('the other name of this machine', 'OK', { domain: '127.0.0.1:3100', uri: 'http://127.0.0.1:3100' });
  change('the last millisecond before its end', 'OK', { issuedAt: iso(NOW - 299_999), expirationTime: iso(NOW + 1) });
  change('a signer whose clock is a minute ahead', 'OK', {
    issuedAt: iso(NOW + 60_000),
    expirationTime: iso(NOW + 300_000),
  });

  change('a session, signed for as such', 'OK', SESSION, SESSION);
  change('a new policy, signed for as such', 'OK', POLICY, POLICY);
  change('a session of which the limit was taken away', 'RESOURCE', SESSION, {
    ...SESSION,
    resource: SESSION_WITHOUT_LIMIT,
  });
  change('a policy of which the body was exchanged', 'RESOURCE', POLICY, { ...POLICY, resource: OTHER_BODY });
  change('an approval where a session is to be created', 'STATEMENT', {}, SESSION);
  change('the statement of a session over the resource of a policy', 'RESOURCE', { ...SESSION, resource: TX }, SESSION);

  add('signed by somebody else', 'SIGNATURE', text, thief.sign(text));
  add('a signature of another text', 'SIGNATURE', text, owner.sign(`${text}x`));
  change('somebody else’s address', 'ADDRESS', { address: thief.address });
  change('a foreign domain', 'DOMAIN', { domain: 'evil.com' });
  change('another port', 'DOMAIN', { domain: 'localhost:3101' });
  change('another URI', 'URI', { uri: 'http://evil.com' });
  change('https', 'URI', { uri: 'https://localhost:3100' });
  change('another chain id', 'CHAIN_ID', { chainId: '999' });
  change('another action', 'STATEMENT', { statement: 'WAIaaS Owner Action: kill_switch' });
  change('another amount', 'STATEMENT', { statement: STATEMENT.replace('12.5', '125') });
  change('a session sign-in', 'STATEMENT', { statement: 'Sign in to WAIaaS to create an agent session.' });
  change('another transaction', 'RESOURCE', { resource: 'urn:waiaas:tx:01a205ca-7607-729f-a8d3-0a119d9107d1' });
  change('another kind of resource', 'RESOURCE', { resource: `urn:waiaas:req:sha256:${'0'.repeat(64)}` });
  change('issued tomorrow', 'NOT_YET', { issuedAt: iso(NOW + 86_400_000), expirationTime: iso(NOW + 86_700_000) });
  change('issued a minute and a millisecond ahead', 'NOT_YET', {
    issuedAt: iso(NOW + 60_001),
    expirationTime: iso(NOW + 300_000),
  });
  change('expired this very moment', 'EXPIRED', { issuedAt: iso(NOW - 300_000), expirationTime: iso(NOW) });
  change('expired a second ago', 'EXPIRED', { issuedAt: iso(NOW - 301_000), expirationTime: iso(NOW - 1000) });
  change('good for longer than five minutes', 'TOO_LONG', {
    issuedAt: iso(NOW - 1000),
    expirationTime: iso(NOW + 299_001),
  });

  change('expired before it was issued', 'TOO_LONG', {
    issuedAt: iso(NOW + 30_000),
    expirationTime: iso(NOW + 10_000),
  });
  change('the domain without its port', 'DOMAIN', { domain: 'localhost' });
  change('the domain in capitals', 'DOMAIN', { domain: 'LOCALHOST:3100' });
  change('a domain that begins like ours', 'DOMAIN', { domain: 'localhost:3100.evil.com' });
  change('a URI with a path', 'URI', { uri: 'http://localhost:3100/' });
  change('a space behind the statement', 'STATEMENT', { statement: `${STATEMENT} ` });
  change('the recipient cut short', 'STATEMENT', {
    statement: STATEMENT.replace('Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS', 'Fg6P...sLnS'),
  });
  change('another network', 'STATEMENT', { statement: STATEMENT.replace('devnet', 'mainnet-beta') });
  change('the resource with capitals in its id', 'RESOURCE', { resource: TX.replace('01a205ca', '01A205CA') });

  for (const [index, line] of LINES.entries()) {
    const lines = text.split('\n');
    add(`without this line: ${line}`, 'MALFORMED', lines.toSpliced(index, 1).join('\n'));
    add(`with this line twice: ${line}`, 'MALFORMED', lines.toSpliced(index, 0, lines[index] ?? '').join('\n'));
  }
  change('a version with a leading zero', 'MALFORMED', { version: '01' });
  change('a chain id with a leading zero', 'MALFORMED', { chainId: '01' });
  change('a chain id in hex', 'MALFORMED', { chainId: '0x1' });
  change('a nonce with a space behind it', 'MALFORMED', { nonce: `${NONCE} ` });
  change('a nonce of 33 characters', 'MALFORMED', { nonce: `${NONCE}0` });
  change('a time in lower case', 'MALFORMED', { issuedAt: iso(NOW - 1000).toLowerCase() });
  change('the hour 24', 'MALFORMED', { expirationTime: '2026-11-01T24:00:00.000Z' });
  change('a leap second', 'MALFORMED', { issuedAt: '2026-11-01T11:59:60.000Z' });
  change('a year of six digits', 'MALFORMED', { issuedAt: '+002026-11-01T11:59:59.000Z' });
  change('microseconds', 'MALFORMED', { issuedAt: '2026-11-01T11:59:59.000000Z' });
  change('a statement of two lines', 'MALFORMED', { statement: `${STATEMENT}\nand nothing else` });
  change('a statement with a tab', 'MALFORMED', { statement: STATEMENT.replace(' - ', '\t- ') });
  change('a statement with a no-break space', 'MALFORMED', { statement: STATEMENT.replace(' - ', '\u00a0- ') });
  change('a statement that runs from right to left', 'MALFORMED', { statement: `${STATEMENT}\u202e` });
  change('a statement with quotes, which EIP-4361 has no room for', 'MALFORMED', {
    statement: 'WAIaaS "Owner" Action',
  });
  change('a statement of 1025 characters', 'MALFORMED', { statement: 'x'.repeat(1025) });
  change('no statement in its line', 'MALFORMED', { statement: '' });
  change('a space before the address', 'MALFORMED', { address: ` ${owner.address}` });
  add('a byte order mark before it', 'MALFORMED', `\ufeff${text}`);
  add('a null character behind it', 'MALFORMED', `${text}\u0000`);
  add('line ends of old Macintoshes', 'MALFORMED', text.replaceAll('\n', '\r'));
  add('a heading without resources', 'MALFORMED', text.replace(/\n- urn.*$/, ''));

  change('version 2', 'MALFORMED', { version: '2' });
  change('a nonce in upper case', 'MALFORMED', { nonce: NONCE.toUpperCase() });
  change('a short nonce', 'MALFORMED', { nonce: NONCE.slice(1) });
  change('a time without milliseconds', 'MALFORMED', { issuedAt: '2026-11-01T11:59:59Z' });
  change('a time in another zone', 'MALFORMED', { issuedAt: '2026-11-01T12:59:59.000+01' });
  change('a day that does not exist', 'MALFORMED', { issuedAt: '2026-02-30T11:59:59.000Z' });
  change('a statement in another script', 'MALFORMED', { statement: 'WAIaaS Owner Action: аpprove_tx' });
  change('a resource that is none of ours', 'MALFORMED', { resource: 'https://example.com' });
  change('the account of the other chain', 'MALFORMED', { account: chain === 'solana' ? 'Ethereum' : 'Solana' });
  add('a line feed at the end', 'MALFORMED', `${text}\n`);
  add('a space at the end', 'MALFORMED', `${text} `);
  add('line ends of Windows', 'MALFORMED', text.replaceAll('\n', '\r\n'));
  add('a scheme before the domain', 'MALFORMED', `http://${text}`);
  add('no expiration time', 'MALFORMED', text.replace(/\nExpiration Time: [^\n]*/, ''));
  add('no resources', 'MALFORMED', text.replace(/\nResources:[\s\S]*/, ''));
  add('two resources', 'MALFORMED', `${text}\n- ${TX}`);
  add('a request id', 'MALFORMED', text.replace('\nResources:', '\nRequest ID: 7\nResources:'));
  add('a not-before', 'MALFORMED', text.replace('\nResources:', `\nNot Before: ${iso(NOW)}\nResources:`));
  add('two lines exchanged', 'MALFORMED', text.replace('Version: 1\nChain ID: 1', 'Chain ID: 1\nVersion: 1'));
  add('text before it', 'MALFORMED', `Please sign:\n${text}`);
  add('nothing', 'MALFORMED', '');
  add('no signature', 'SIGNATURE', text, '');
  add('half a signature', 'SIGNATURE', text, owner.sign(text).slice(0, 60));
  add('a signature with junk behind it', 'SIGNATURE', text, `${owner.sign(text)}00`);

  if (chain === 'solana') {
    for (const [name, key] of Object.entries(SMALL_KEYS)) {
      const address = base58(key);
      const message = layout({ ...good, address });
      const signature = base58(Buffer.concat([IDENTITY, Buffer.alloc(32)]));
      vectors.push({
        name: `solana: ${name}, for which one signature fits every message`,
        chain,
        address,
        message,
        signature,
        verdict: 'SIGNATURE',
      });
    }
    add(
      'an address with a letter that base58 has not',
      'MALFORMED',
      text.replace(owner.address, `${owner.address.slice(0, -1)}0`),
    );
    for (const length of [31, 33]) {
      const address = base58(Buffer.alloc(length, 7));
      vectors.push({
        name: `solana: an address of ${length} bytes`,
        chain,
        address,
        message: layout({ ...good, address }),
        signature: owner.sign(text),
        verdict: 'MALFORMED',
      });
    }
    const raw = Buffer.from(sign(null, Buffer.from(text), SIGNERS.solana.owner.key));
    add('the same signature with the order added to S', 'SIGNATURE', text, base58(withOrderAdded(raw)));
    add('a signature of 63 bytes', 'SIGNATURE', text, base58(raw.subarray(0, 63)));
    add('a signature of 65 bytes', 'SIGNATURE', text, base58(Buffer.concat([raw, Buffer.from([1])])));
    add('a signature in hex', 'SIGNATURE', text, raw.toString('hex'));
    add('a signature in base64', 'SIGNATURE', text, raw.toString('base64'));
    const envelope = Buffer.concat([
      Buffer.from('\xffsolana offchain', 'latin1'),
      Buffer.from([0, 0]),
      Buffer.from(text),
    ]);
    add(
      'signed in the envelope of off-chain messages',
      'SIGNATURE',
      text,
      base58(sign(null, envelope, SIGNERS.solana.owner.key)),
    );
  } else {
    const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const signature = owner.sign(text);
    const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`);
    const v = signature.endsWith('1b') ? '1c' : '1b';
    add(
      'the same signature with a high s',
      'SIGNATURE',
      text,
      `${signature.slice(0, 66)}${s.toString(16).padStart(64, '0')}${v}`,
    );
    add(
      'recovery bits 0 and 1 instead of 27 and 28',
      'OK',
      text,
      `${signature.slice(0, 130)}${signature.endsWith('1b') ? '00' : '01'}`,
    );
    add('a recovery bit that is none', 'SIGNATURE', text, `${signature.slice(0, 130)}1d`);
    add('no 0x before the signature', 'SIGNATURE', text, signature.slice(2));
    add('a signature with the chain id in its recovery bit', 'SIGNATURE', text, `${signature.slice(0, 130)}25`);
    add('a signature whose r is 0', 'SIGNATURE', text, `0x${'00'.repeat(32)}${signature.slice(66)}`);
    add('a signature whose s is 0', 'SIGNATURE', text, `${signature.slice(0, 66)}${'00'.repeat(32)}1b`);
    add('a signature whose r is beyond the curve', 'SIGNATURE', text, `0x${'ff'.repeat(32)}${signature.slice(66)}`);
    add(
      'signed without the prefix of EIP-191',
      'SIGNATURE',
      text,
      SIGNERS.ethereum.owner.key.sign(keccak256(Buffer.from(text))).serialized,
    );
    add('the signature of an Ed25519 key', 'SIGNATURE', text, SIGNERS.solana.owner.sign(text));
    change('an address in capitals', 'MALFORMED', { address: `0x${owner.address.slice(2).toUpperCase()}` });
    change('an address with a digit missing', 'MALFORMED', { address: owner.address.slice(0, -1) });
    add('a compact signature', 'SIGNATURE', text, signature.slice(0, 130));
    change('an address in lower case', 'MALFORMED', { address: owner.address.toLowerCase() });
    change('an address with a wrong checksum', 'MALFORMED', {
      address: owner.address.replace(/[a-f]/, (letter) => letter.toUpperCase()),
    });
  }
}

const file = {
  about:
    'Sign-in messages with the verdict on each. "OK" authorises; every other word says which check refuses first. A vector with "expected" is judged against that statement and resource in place of the common ones.',
  expectation: {
    domains: ['localhost:3100', '127.0.0.1:3100'],
    uris: ['http://localhost:3100', 'http://127.0.0.1:3100'],
    chainIds: ['1'],
    statement: STATEMENT,
    resource: TX,
    now: NOW,
  },
  vectors,
};
writeFileSync(new URL('../vectors/sign-in.vectors.json', import.meta.url), `${JSON.stringify(file, null, 2)}\n`);
