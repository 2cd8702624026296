import { layOutSignIn, type OwnerChain, type SignInMessage } from '@waiaas/core';
import { canonicalAddress } from './address.ts';

/** Longest message that is looked at, characters. */
export const SIGN_IN_MAX_LENGTH = 4096;

const LAYOUT = new RegExp(
  [
    '^(?<domain>[A-Za-z0-9.:-]{1,255}) wants you to sign in with your (?<account>Solana|Ethereum) account:',
    '(?<address>[A-Za-z0-9]{32,44})',
    '',
    // The statement of EIP-4361: reserved, unreserved and the space; no quotes, no percent sign, no other script.
    "(?<statement>[A-Za-z0-9 ._~:/?#[\\]@!$&'()*+,;=-]{1,1024})",
    '',
    'URI: (?<uri>[\\x21-\\x7e]{1,512})',
    'Version: 1',
    'Chain ID: (?<chainId>0|[1-9][0-9]{0,14})',
    'Nonce: (?<nonce>[0-9a-f]{32})',
    'Issued At: (?<issuedAt>[0-9TZ:.-]{24})',
    'Expiration Time: (?<expirationTime>[0-9TZ:.-]{24})',
    'Resources:',
    '- (?<resource>urn:waiaas:[A-Za-z0-9._:-]{1,512})$',
  ].join('\n'),
);

/**
 * The exact text of a message: line feeds only, none at the end.
 *
 * @throws TypeError when a field cannot stand in a message, such as a statement of two lines or an address without its
 *   checksum: nobody is to be asked for a signature that could not hold.
 */
export function composeSignInMessage(message: SignInMessage): string {
  const { issuedAt, expirationTime } = message;
  if (!isTime(issuedAt) || !isTime(expirationTime)) throw new TypeError('A sign-in message needs two times');
  const text = layOutSignIn(message);
  const read = parseSignInMessage(text);
  // Text that reads as something else than was put into it would have an owner sign what nobody meant.
  if (read === null || !SIGN_IN_FIELDS.every((field) => read[field] === message[field]))
    throw new TypeError('A field cannot stand in a sign-in message');
  return text;
}

/**
 * Reads a message. Only exactly what `composeSignInMessage` writes is accepted: every line in its place, nothing before,
 * between or after them, canonical times and addresses, one resource. Null for anything else; never throws.
 */
export function parseSignInMessage(text: string): SignInMessage | null {
  if (text.length > SIGN_IN_MAX_LENGTH) return null;
  const groups = LAYOUT.exec(text)?.groups;
  if (groups === undefined) return null;
  const {
    domain = '',
    account,
    address = '',
    statement = '',
    uri = '',
    chainId = '',
    nonce = '',
    resource = '',
  } = groups;
  const chain: OwnerChain = account === 'Solana' ? 'solana' : 'ethereum';
  const issuedAt = Date.parse(groups.issuedAt ?? '');
  const expirationTime = Date.parse(groups.expirationTime ?? '');
  if (!isTime(issuedAt) || !isTime(expirationTime) || canonicalAddress(chain, address) !== address) return null;
  const message = { chain, domain, address, statement, uri, chainId, nonce, issuedAt, expirationTime, resource };
  // Whatever was spelt in another way than ours comes out differently: then it is not the text that was meant.
  return layOutSignIn(message) === text ? message : null;
}

const SIGN_IN_FIELDS = [
  'chain',
  'domain',
  'address',
  'statement',
  'uri',
  'chainId',
  'nonce',
  'issuedAt',
  'expirationTime',
  'resource',
] as const satisfies readonly (keyof SignInMessage)[];

/** Whether an instant has the four-digit year that the layout has room for. */
const isTime = (ms: number): boolean => Number.isSafeInteger(ms) && ms >= 0 && ms <= Date.UTC(9999, 11, 31);
