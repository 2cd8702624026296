import { ChainError } from '@waiaas/core';

/** An RPC endpoint: its URL may hold an API key, its host may be shown (02 §4). */
export interface Endpoint {
  readonly url: string;
  readonly host: string;
  /** Removes URLs, and every part of this one that could be a key, from a text that is going to be shown. */
  readonly redact: (text: string) => string;
}

const URL_IN_TEXT = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)]+/gi;
/** Shorter parts, such as `rpc` or `v2`, are words rather than keys. */
const KEY_MIN_LENGTH = 6;

/** Shows hosts in place of URLs. */
export const redactUrls = (text: string): string => text.replace(URL_IN_TEXT, hostOnly);

const hostOnly = (text: string): string => URL.parse(text)?.host ?? '[url]';

/** Parts of a URL that may be secret: path segments and query values, as written and decoded. */
function secretParts(url: URL): readonly string[] {
  const segments = url.pathname.split('/');
  const parts = [url.search.slice(1), ...url.searchParams.values(), ...segments];
  return parts.filter((part) => part.length >= KEY_MIN_LENGTH).sort((a, b) => b.length - a.length);
}

const refusal = (message: string): ChainError =>
  new ChainError({ code: 'RPC_ERROR', chain: 'solana', message, retryable: false, mayHaveLanded: false });

/**
 * Reads an endpoint.
 * @param protocols those it may have, with their colon
 * @throws ChainError RPC_ERROR, not retryable, when it is not a URL of such a protocol or carries a user name or password.
 * @example readEndpoint('https://rpc.example.org/v2/key', ['https:']).host // "rpc.example.org"
 */
export function readEndpoint(text: string, protocols: readonly [string, ...string[]]): Endpoint {
  const url = URL.parse(text);
  if (url === null || !protocols.includes(url.protocol)) {
    throw refusal(`The RPC endpoint is not a URL of the kind ${protocols.join('//… or ')}//…`);
  }
  if (url.username !== '' || url.password !== '') {
    throw refusal(`The RPC endpoint at ${url.host} must not carry a user name or password`);
  }
  const secrets = secretParts(url);
  const redact = (shown: string): string =>
    secrets.reduce((kept, secret) => kept.replaceAll(secret, '[redacted]'), redactUrls(shown));
  return { url: url.href, host: url.host, redact };
}
