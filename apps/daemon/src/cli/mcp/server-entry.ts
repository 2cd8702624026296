import { VERSION } from '../../version.ts';

/** How an AI tool starts a server. */
export interface ServerEntry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What the server is started with. */
export interface ServerOptions {
  readonly platform: NodeJS.Platform;
  readonly tokenFile: string;
  readonly port: number;
  /** Runs this file instead of the published package. */
  readonly serverFile?: string | undefined;
}

/**
 * The entry of the wallet: the package in the very version of this daemon, so that no later one is fetched unseen. The
 * token is not in it, since such files are shared and synchronised; the name of its file is.
 */
export function serverEntry({ platform, tokenFile, port, serverFile }: ServerOptions): ServerEntry {
  const env = { WAIAAS_SESSION_TOKEN_FILE: tokenFile, WAIAAS_BASE_URL: `http://127.0.0.1:${port}` };
  if (serverFile !== undefined) return { command: process.execPath, args: [serverFile], env };
  const npx = ['-y', `@waiaas/mcp@${VERSION}`];
  // On Windows npx is a script, which only a shell can start.
  return platform === 'win32'
    ? { command: 'cmd', args: ['/c', 'npx', ...npx], env }
    : { command: 'npx', args: npx, env };
}
