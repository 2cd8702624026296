import { KeystoreError } from '@waiaas/keystore';
import { ForeignSchema, MigrationError } from '@waiaas/storage';
import { NotesUnreadable } from '../backup/command-notes.ts';
import { StartFailure } from '../daemon-options.ts';
import { reasonOf } from './reason-of.ts';

/** Turns whatever stopped a start into what the command reports (01 §5). */
export function startFailure(error: unknown): StartFailure {
  if (error instanceof StartFailure) return error;
  if (error instanceof KeystoreError) {
    switch (error.code) {
      case 'WRONG_PASSWORD':
        return new StartFailure('The master password is wrong.', {
          exitCode: 4,
          code: 'INVALID_MASTER_PASSWORD',
          cause: error,
        });
      case 'NOT_INITIALISED':
        return new StartFailure('The data directory has no vault.', {
          exitCode: 3,
          code: 'NOT_INITIALISED',
          hint: 'Run "waiaas init" first.',
          cause: error,
        });
      default:
        return new StartFailure(error.message, { exitCode: 1, code: `KEYSTORE_${error.code}`, cause: error });
    }
  }
  if (error instanceof ForeignSchema) {
    return new StartFailure(error.message, {
      exitCode: 1,
      code: 'SCHEMA_CHANGED',
      hint: 'Somebody can write the database file. Find out who; then put a backup in its place with "waiaas backup restore".',
      cause: error,
    });
  }
  if (error instanceof NotesUnreadable) {
    return new StartFailure(`${error.message}. Whether a backup was put back is not known.`, {
      exitCode: 1,
      code: 'NOTES_UNREADABLE',
      hint: 'A command of another user, such as root, may have made it: give it to the user that the daemon runs as (chown -R).',
      cause: error,
    });
  }
  const code = error instanceof MigrationError ? 'MIGRATION_FAILED' : 'START_FAILED';
  return new StartFailure(reasonOf(error), { exitCode: 1, code, cause: error });
}
