import type { CommandContext } from './context.ts';
import { readTextFile } from './owner/text-file.ts';
import { usageError } from './usage-error.ts';

/** Where the secret of a channel is. It is never itself in the arguments, which others can read. */
export interface SecretFlags {
  readonly secretFile?: string;
  readonly secretEnv?: string;
}

/**
 * Finds the secret of a channel: in a file, in a variable, or, where there is a terminal, by asking for it.
 * @param what names it for people, such as "bot token"
 * @returns undefined when none was given and `isOptional`
 * @throws CliError USAGE, without a word of the secret
 */
export async function findSecret(
  { secretFile, secretEnv }: SecretFlags,
  { io }: CommandContext,
  what: string,
  isOptional: boolean,
): Promise<string | undefined> {
  if (secretFile !== undefined && secretEnv !== undefined) {
    throw usageError('Give either --secret-file or --secret-env.');
  }
  if (secretFile !== undefined)
    return checked(readTextFile(secretFile, '--secret-file'), `The file ${secretFile}`, what);
  if (secretEnv !== undefined) return checked(io.env[secretEnv] ?? '', `The variable ${secretEnv}`, what);
  if (isOptional) return undefined;
  if (io.askHidden === null) throw usageError(`Give the ${what} with --secret-file or --secret-env.`);
  return checked(await io.askHidden(`The ${what}: `), 'What you entered', what);
}

function checked(text: string, where: string, what: string): string {
  const secret = text.trim();
  if (secret === '' || /[\s\p{Cc}]/u.test(secret)) throw usageError(`${where} holds no ${what}.`);
  return secret;
}
