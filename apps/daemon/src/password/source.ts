import { readPasswordFile } from './file.ts';
import { PasswordError } from './password-error.ts';
import type { AskHidden } from './prompt.ts';

/** Variables that carry the master password, or name the file that does (01 §1.6). */
export const PASSWORD_VARIABLE = 'WAIAAS_MASTER_PASSWORD';
export const PASSWORD_FILE_VARIABLE = 'WAIAAS_MASTER_PASSWORD_FILE';

/** `--password-env` and `--password-file`. They name where the password is; it is never itself in argv. */
export interface PasswordFlags {
  readonly passwordEnv?: string | undefined;
  readonly passwordFile?: string | undefined;
}

/** Where a password may come from. */
export interface PasswordSources {
  readonly flags: PasswordFlags;
  /** Variables; the one that held the password is deleted from it. */
  readonly env: Record<string, string | undefined>;
  /** How to ask on the terminal; null when there is none, or when it must not be used. */
  readonly ask: AskHidden | null;
}

/** A password and where it came from. */
export interface FoundPassword {
  readonly password: string;
  readonly source: 'variable' | 'file' | 'terminal';
}

function take(env: Record<string, string | undefined>, name: string): string | undefined {
  const value = env[name];
  delete env[name];
  return value === '' ? undefined : value;
}

/** The password of a source that needs nobody to type, or null when none is given. @throws PasswordError as `findPassword` */
export function suppliedPassword(sources: Pick<PasswordSources, 'flags' | 'env'>): FoundPassword | null {
  const { flags, env } = sources;
  if (flags.passwordEnv !== undefined && flags.passwordFile !== undefined) {
    throw new PasswordError('Give either --password-env or --password-file, not both.');
  }
  if (flags.passwordEnv !== undefined) {
    const password = take(env, flags.passwordEnv);
    if (password === undefined)
      throw new PasswordError(`The variable ${flags.passwordEnv} (from --password-env) is not set or empty.`);
    delete env[PASSWORD_VARIABLE];
    return { password, source: 'variable' };
  }
  // Taken out of the environment in any case: nothing that runs later has a use for it.
  const variable = take(env, PASSWORD_VARIABLE);
  if (flags.passwordFile !== undefined) {
    return { password: readPasswordFile(flags.passwordFile, '--password-file'), source: 'file' };
  }
  if (variable !== undefined) return { password: variable, source: 'variable' };
  const file = env[PASSWORD_FILE_VARIABLE];
  if (file !== undefined && file !== '') {
    return { password: readPasswordFile(file, PASSWORD_FILE_VARIABLE), source: 'file' };
  }
  return null;
}

const NOT_PROVIDED =
  `Master password not provided. Set ${PASSWORD_FILE_VARIABLE} to a file that holds it, or ${PASSWORD_VARIABLE}, ` +
  'or give --password-file or --password-env.';

/**
 * The master password: flags, WAIAAS_MASTER_PASSWORD, the file of WAIAAS_MASTER_PASSWORD_FILE, the terminal; the first
 * that is given (01 §1.6). A source that is given but unusable is an error, never skipped.
 *
 * @throws PasswordError when there is none or the given one is unusable
 * @throws InterruptedError on Ctrl-C
 */
export async function findPassword(sources: PasswordSources): Promise<FoundPassword> {
  const supplied = suppliedPassword(sources);
  if (supplied !== null) return supplied;
  if (sources.ask === null) throw new PasswordError(NOT_PROVIDED);
  return { password: await sources.ask('Master password: '), source: 'terminal' };
}
