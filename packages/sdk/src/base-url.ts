import { localError } from './error.ts';

/**
 * Checks the address of a daemon and takes off trailing slashes. Credentials are refused rather than sent: they would
 * show up wherever the URL does. The address itself is not repeated in errors for the same reason.
 * @throws WAIaaSError INVALID_ARGUMENT
 */
export function checkBaseUrl(baseUrl: string): string {
  const refuse = (why: string) => localError('INVALID_ARGUMENT', `baseUrl ${why}`);
  const url = parse(baseUrl);
  if (url === null) throw refuse('is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('must begin with http:// or https://');
  if (url.username !== '' || url.password !== '') throw refuse('must not hold a user name or a password');
  if (/[?#]/.test(baseUrl)) throw refuse('must not hold a query or a fragment');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
