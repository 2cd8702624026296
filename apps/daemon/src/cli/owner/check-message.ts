import { parseSignInMessage, SIGN_IN_AHEAD_MS, type SignInPurpose } from '@waiaas/auth';
import {
  addressKey,
  type OwnerChain,
  SIGN_IN_CHAIN_ID,
  SIGN_IN_LIFE_MS,
  type SignInMessage,
  uriOfDomain,
} from '@waiaas/core';
import { EXIT } from '../../exit-codes.ts';
import { CliError } from '../cli-error.ts';

/** A wallet that signs, in the canonical spelling of its address. */
export interface OwnerWallet {
  readonly chain: OwnerChain;
  readonly address: string;
}

/** What a text has to be before anybody is asked to sign it. Worked out here; nothing of it is taken from the text. */
export interface WantedMessage {
  readonly wallet: OwnerWallet;
  readonly purpose: SignInPurpose;
  /** Port of the daemon that will be sent the signature. */
  readonly port: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Names by which the daemon of this machine is reached. */
const HOSTS = ['localhost', '127.0.0.1'] as const;

const refused = (message: string): CliError =>
  new CliError({
    code: 'MESSAGE_REFUSED',
    message: `${message} Do not sign it.`,
    hint: 'Nothing was signed or sent. Ask for a fresh message; if it happens again, do not trust what answers on the port.',
    exitCode: EXIT.FAILURE,
  });

const tooLate = (): CliError =>
  new CliError({
    code: 'MESSAGE_EXPIRED',
    message: 'The message is no longer valid: it had to be signed and sent within five minutes.',
    hint: 'Ask for a fresh message and sign that one.',
    exitCode: EXIT.FAILURE,
  });

/** Whether a message is for the daemon of this machine, on any port or on one. */
export const isLocalDomain = ({ domain, uri }: SignInMessage, port?: number): boolean =>
  uri === uriOfDomain(domain) &&
  HOSTS.some((host) =>
    port === undefined
      ? new RegExp(`^${host.replaceAll('.', '\\.')}:[0-9]{1,5}$`).test(domain)
      : domain === `${host}:${port}`,
  );

/**
 * Reads a text strictly, and makes sure that it is not over. Whatever has an extra line, a control character or anything
 * else that a wallet might show differently is no message (03 §5.1).
 * @throws CliError MESSAGE_REFUSED, MESSAGE_EXPIRED
 */
export function readMessage(text: string, now: number): SignInMessage {
  const message = parseSignInMessage(text);
  // The text is not quoted: it may be anything, and made to be misread.
  if (message === null) throw refused('This is not a sign-in message of WAIaaS in every line and character.');
  const life = message.expirationTime - message.issuedAt;
  if (life <= 0 || life > SIGN_IN_LIFE_MS) throw refused('The message would be valid for longer than five minutes.');
  if (message.issuedAt > now + SIGN_IN_AHEAD_MS) throw refused('The message is from the future.');
  if (now >= message.expirationTime) throw tooLate();
  if (message.chainId !== SIGN_IN_CHAIN_ID) throw refused('The message names another chain id.');
  return message;
}

/**
 * Refuses every text but the one that authorises exactly what is wanted: a daemon that has been tampered with, or a
 * process that took its place, must not have an owner sign something else (03 §5.4, §18).
 *
 * @throws CliError MESSAGE_REFUSED, MESSAGE_EXPIRED
 */
export function checkMessage(text: string, wanted: WantedMessage): SignInMessage {
  const { wallet, purpose, port, now } = wanted;
  const message = readMessage(text, now);
  if (message.chain !== wallet.chain) throw refused(`The message is for a wallet on ${message.chain}.`);
  if (addressKey(wallet.chain, message.address) !== addressKey(wallet.chain, wallet.address)) {
    throw refused(`The message is for the wallet ${message.address}, not for ${wallet.address}.`);
  }
  if (!isLocalDomain(message, port)) {
    throw refused(`The message is for ${message.domain}, not for the daemon on port ${port}.`);
  }
  if (message.statement !== purpose.statement) {
    throw refused(`The message says "${message.statement}", not "${purpose.statement}".`);
  }
  if (message.resource !== purpose.resource) {
    throw refused(`The message is bound to ${message.resource}, not to ${purpose.resource}.`);
  }
  return message;
}
