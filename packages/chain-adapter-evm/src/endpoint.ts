/** An RPC endpoint: its URL may hold an API key, its host may be shown (02 §4). */
export interface Endpoint {
  readonly url: string;
  readonly host: string;
  /** Removes URLs, every part of this one that could be a key, and long runs of bytes from a text that is going to be shown. */
  readonly redact: (text: string) => string;
}

const URL_IN_TEXT = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)]+/gi;
/** Longer than a hash: could be a signed transaction, which is as good as money. */
const BYTES_IN_TEXT = /(0x)?[0-9a-f]{65,}/gi;
/** Shorter parts, such as `rpc` or `v2`, are words rather than keys. */
const KEY_MIN_LENGTH = 6;

/** Shows hosts in place of URLs, and no long runs of bytes. */
export const redactText = (text: string): string =>
  text.replace(URL_IN_TEXT, hostOnly).replace(BYTES_IN_TEXT, '[bytes]');

const hostOnly = (text: string): string => URL.parse(text)?.host ?? '[url]';

/** Parts of a URL that may be secret: path segments and query values, as written and decoded. */
function secretParts(url: URL): readonly string[] {
  const segments = url.pathname.split('/');
  const parts = [url.search.slice(1), ...url.searchParams.values(), ...segments];
  return parts.filter((part) => part.length >= KEY_MIN_LENGTH).sort((a, b) => b.length - a.length);
}

/**
 * Reads an endpoint; null when it is not an http(s) URL or carries a user name or password.
 * @example readEndpoint('https://rpc.example.org/v2/key')?.host // "rpc.example.org"
 */
export function readEndpoint(text: string): Endpoint | null {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  if (url.username !== '' || url.password !== '') return null;
  const secrets = secretParts(url);
  const redact = (shown: string): string =>
    redactText(secrets.reduce((kept, secret) => kept.replaceAll(secret, '[redacted]'), shown));
  return { url: url.href, host: url.host, redact };
}
