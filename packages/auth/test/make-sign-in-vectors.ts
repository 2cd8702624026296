import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Wallet } from 'ethers';

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
  return { address: base58(publicKey), sign: (message: string) => base58(sign(null, Buffer.from(message), key)) };
}
function ethereumSigner(word: string) {
  const wallet = new Wallet(`0x${seed(word).toString('hex')}`);
  return { address: wallet.address, sign: (message: string) => wallet.signMessageSync(message) };
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
  const add = (name: string, verdict: string, message: string, signature = owner.sign(message)): void => {
    vectors.push({ name: `${chain}: ${name}`, chain, address: owner.address, message, signature, verdict });
  };
  const change = (name: string, verdict: string, lines: Partial<Lines>): void =>
    add(name, verdict, layout({ ...good, ...lines }));
  const text = layout(good);

  add('what the daemon composed, signed by the owner', 'OK', text);
  change('the other name of this machine', 'OK', { domain: '127.0.0.1:3100', uri: 'http://127.0.0.1:3100' });
  change('the last millisecond before its end', 'OK', { issuedAt: iso(NOW - 299_999), expirationTime: iso(NOW + 1) });
  change('a signer whose clock is a minute ahead', 'OK', {
    issuedAt: iso(NOW + 60_000),
    expirationTime: iso(NOW + 300_000),
  });

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
    const identity = `${'1'.repeat(0)}${base58(Buffer.from(`01${'00'.repeat(31)}`, 'hex'))}`;
    const message = layout({ ...good, address: identity });
    vectors.push({
      name: 'solana: the identity point as key, for which one signature fits every message',
      chain,
      address: identity,
      message,
      signature: base58(Buffer.concat([Buffer.from(`01${'00'.repeat(31)}`, 'hex'), Buffer.alloc(32)])),
      verdict: 'SIGNATURE',
    });
    add(
      'an address with one letter in another case',
      'MALFORMED',
      text.replace(owner.address, `${owner.address.slice(0, -1)}0`),
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
    add('a compact signature', 'SIGNATURE', text, signature.slice(0, 130));
    change('an address in lower case', 'MALFORMED', { address: owner.address.toLowerCase() });
    change('an address with a wrong checksum', 'MALFORMED', {
      address: owner.address.replace(/[a-f]/, (letter) => letter.toUpperCase()),
    });
  }
}

const file = {
  about: 'Sign-in messages with the verdict on each. "OK" authorises; every other word says which check refuses first.',
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
