/** Where the session token of the agent is. */
export type TokenSource =
  /** In the environment: it cannot be exchanged, so the session ends when its time is over. */
  | { readonly kind: 'fixed'; readonly token: string }
  /** In a file of its own, which holds the present token and gets each new one. */
  | { readonly kind: 'file'; readonly path: string };

/** What the server is started with. */
export interface McpConfig {
  /** Where the daemon listens, on this machine. */
  readonly baseUrl: string;
  readonly source: TokenSource;
}

/** The server cannot start as it is configured. Never quotes a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const DEFAULT_BASE_URL = 'http://127.0.0.1:3100';
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Reads the configuration from the variables of the process (06 §7.1).
 * @throws ConfigError
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): McpConfig {
  return { baseUrl: baseUrlOf(env.WAIAAS_BASE_URL ?? ''), source: sourceOf(env) };
}

function sourceOf({
  WAIAAS_SESSION_TOKEN: token = '',
  WAIAAS_SESSION_TOKEN_FILE: path = '',
}: Readonly<Record<string, string | undefined>>): TokenSource {
  if (token !== '' && path !== '') {
    throw new ConfigError('Set one of WAIAAS_SESSION_TOKEN and WAIAAS_SESSION_TOKEN_FILE, not both.');
  }
  if (path !== '') return { kind: 'file', path };
  if (token === '') {
    throw new ConfigError(
      'Set WAIAAS_SESSION_TOKEN_FILE to a file that holds the session token of the agent, or WAIAAS_SESSION_TOKEN to the token; "waiaas mcp setup" does it for you.',
    );
  }
  checkToken(token, 'WAIAAS_SESSION_TOKEN does not hold');
  return { kind: 'fixed', token };
}

/** @throws ConfigError for what can be no session token */
export function checkToken(token: string, subject: string): string {
  if (/^wai_sess_[\x21-\x7e]{1,8000}$/.test(token)) return token;
  throw new ConfigError(`${subject} a session token: it begins with wai_sess_ and has no white space.`);
}

function baseUrlOf(text: string): string {
  if (text === '') return DEFAULT_BASE_URL;
  const refuse = (why: string) => new ConfigError(`WAIAAS_BASE_URL ${why}.`);
  if (!URL.canParse(text)) throw refuse('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('must begin with http:// or https://');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw refuse('must be an address and nothing more');
  // The token is money: it goes to no other machine, whatever a configuration file was made to say.
  if (!LOOPBACK.includes(url.hostname)) throw refuse(`must be on this machine (${LOOPBACK.join(', ')})`);
  return url.href.replace(/\/+$/, '');
}
