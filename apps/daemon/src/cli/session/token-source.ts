import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { isUuidV7 } from '@waiaas/core';
import { readTextFile } from '../owner/text-file.ts';
import { usageError } from '../usage-error.ts';

/** Where a session token is. It is never itself in the arguments, which others can read. */
export interface TokenFlags {
  readonly tokenFile?: string;
  readonly tokenEnv?: string;
}

/** A session token and the session it names. */
export interface FoundToken {
  readonly token: string;
  readonly sessionId: string;
}

/** @throws CliError USAGE, without a word of the token */
export function findToken({ tokenFile, tokenEnv }: TokenFlags, env: Record<string, string | undefined>): FoundToken {
  if ((tokenFile === undefined) === (tokenEnv === undefined))
    throw usageError('Give either --token-file or --token-env.');
  const text = tokenFile === undefined ? (env[tokenEnv ?? ''] ?? '') : readTextFile(tokenFile, '--token-file');
  const token = text.trim();
  const sessionId = sessionOf(token);
  if (sessionId !== null) return { token, sessionId };
  throw usageError(
    tokenFile === undefined
      ? `The variable ${tokenEnv} holds no session token.`
      : `The file ${tokenFile} holds no session token.`,
  );
}

/** The session that a token names. Whether the token is genuine is for the daemon to say. */
function sessionOf(token: string): string | null {
  const [, payload] = /^wai_sess_[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/.exec(token) ?? [];
  if (payload === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const id = typeof claims === 'object' && claims !== null && 'sid' in claims ? claims.sid : null;
    return typeof id === 'string' && isUuidV7(id) ? id : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Puts another token into a file, in one step and for nobody else to read. */
export function replaceToken(path: string, token: string): void {
  const next = `${path}.${randomBytes(8).toString('hex')}`;
  const file = openSync(next, 'wx', 0o600);
  try {
    writeSync(file, `${token}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
}
