import type { OwnerChain } from '../network.ts';

/** A message that an owner signs with a wallet: EIP-4361 for Ethereum, the same layout for Solana (03 §5.1). */
export interface SignInMessage {
  readonly chain: OwnerChain;
  /** Where the request goes, such as `localhost:3100`. */
  readonly domain: string;
  /** Base58 of 32 bytes, or 0x with the checksum of EIP-55. */
  readonly address: string;
  /** One line in the characters EIP-4361 has for it: what is being authorised, for people. */
  readonly statement: string;
  readonly uri: string;
  readonly chainId: string;
  /** 32 lower-case hex characters, issued by the daemon. */
  readonly nonce: string;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  /** Epoch milliseconds. */
  readonly expirationTime: number;
  /** The one thing the signature is good for (03 §5.4). */
  readonly resource: string;
}

/** Longest life of a sign-in message, ms (03 §5.2). */
export const SIGN_IN_LIFE_MS = 300_000;
/** The chain id of every message, on both chains: a message names no chain that anything is sent to (03 §5.1). */
export const SIGN_IN_CHAIN_ID = '1';
/** How a message names the account of a chain. */
export const SIGN_IN_ACCOUNT: Readonly<Record<OwnerChain, string>> = { solana: 'Solana', ethereum: 'Ethereum' };

/** The URI a message of a domain carries: the daemon speaks plain HTTP on the loopback interface. */
export const uriOfDomain = (domain: string): string => `http://${domain}`;

/**
 * The text of a message, line feeds only and none at the end. Lays out whatever it is given: a daemon composes with
 * `composeSignInMessage` of its auth package, which refuses fields that cannot stand in a message; a client that lays out
 * something else is refused by the daemon.
 */
export const layOutSignIn = (message: SignInMessage): string =>
  [
    `${message.domain} wants you to sign in with your ${SIGN_IN_ACCOUNT[message.chain]} account:`,
    message.address,
    '',
    message.statement,
    '',
    `URI: ${message.uri}`,
    'Version: 1',
    `Chain ID: ${message.chainId}`,
    `Nonce: ${message.nonce}`,
    `Issued At: ${new Date(message.issuedAt).toISOString()}`,
    `Expiration Time: ${new Date(message.expirationTime).toISOString()}`,
    'Resources:',
    `- ${message.resource}`,
  ].join('\n');
