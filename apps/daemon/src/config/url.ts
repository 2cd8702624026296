/** Whether a text is a URL of one of the schemes, without user name, password or fragment. */
export function isUrl(value: string, schemes: readonly string[]): boolean {
  const url = URL.parse(value);
  return (
    url !== null &&
    schemes.includes(url.protocol) &&
    url.hostname !== '' &&
    url.username === '' &&
    url.password === '' &&
    url.hash === '' &&
    !/\s/.test(value)
  );
}

/** Whether a text is an origin: scheme, host, optional port, nothing else. A wildcard is not one. */
export const isOrigin = (value: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+$/.test(value) && URL.canParse(value);

/** Whether a text names this machine with a port, as a Host header does: no other name, which somebody else could point here. */
export const isLocalHost = (value: string): boolean => {
  const [, digits = ''] = /^(?:localhost|127\.0\.0\.1):([1-9]\d{0,4})$/.exec(value) ?? [];
  return digits !== '' && Number(digits) <= 65_535;
};

/** A URL as it may be shown: RPC providers put API keys into path and query, so only the origin is (00 §3, 02 §14). */
export function printableUrl(value: string): string {
  const url = URL.parse(value);
  if (url === null) return '***';
  const bare = `${url.protocol}//${url.host}`;
  return (url.pathname === '/' || url.pathname === '') && url.search === '' ? bare : `${bare}/***`;
}
