import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@waiaas/core';
import type { AuditEntry } from '@waiaas/storage';
import { z } from 'zod';
import { dataPaths, ensurePrivateDirectory, syncDirectory, writeFileAtomically } from '../data-dir/index.ts';
import { isSystemError, unlessMissing } from '../system-error.ts';

/*
 * Backups are made beside a daemon at work and put back without a password, by commands that have no key to seal the audit
 * log with. They leave a note, and the daemon puts it on record. Whoever can write a note can write the whole directory; all
 * that a false one comes to is a row that says a backup was made or put back, and that the next start stops everything.
 */
const noteSchema = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('BACKUP_CREATED'),
    /** When it was made. */
    at: z.iso.datetime(),
    file: z.string().max(4096),
    keys: z.int().nonnegative(),
  }),
  z.strictObject({
    event: z.literal('BACKUP_RESTORED'),
    at: z.iso.datetime(),
    /** Of when the backup is: what was decided between then and `at` is undone. */
    backupOf: z.iso.datetime(),
    agents: z.int().nonnegative(),
    /** Whether something was there before. */
    replaced: z.boolean(),
  }),
]);

/** What a command has done. */
export type CommandNote = z.infer<typeof noteSchema>;

/**
 * @param dataDir where the daemon will find it; the stage of a data directory is fine
 * @returns takes the note back, for what did not come about
 */
export function leaveNote(dataDir: string, note: CommandNote): () => void {
  const { commandNotes } = dataPaths(dataDir);
  ensurePrivateDirectory(commandNotes);
  const name = `${note.at.replaceAll(/[:.]/g, '-')}-${randomBytes(4).toString('hex')}.json`;
  const path = join(commandNotes, name);
  writeFileAtomically(path, JSON.stringify(note));
  return () => rmSync(path, { force: true });
}

/** Puts notes on record. */
export interface NoteTaker {
  /** Takes all that there are, oldest first. A note is removed once its row is committed: after a crash it may be in twice. */
  take(): Promise<void>;
}

/** @param record commits a row of the audit log */
export function createNoteTaker(
  dataDir: string,
  { record, logger }: { readonly record: (entry: AuditEntry) => Promise<void>; readonly logger: Logger },
): NoteTaker {
  const folder = dataPaths(dataDir).commandNotes;
  const toldOf = new Set<string>();
  const tellOnce = (path: string): void => {
    if (toldOf.has(path)) return;
    toldOf.add(path);
    logger.warn({ path }, 'What a command has noted cannot be read; it is left where it is');
  };
  const names = (): readonly string[] => {
    try {
      return unlessMissing(() => readdirSync(folder), []).filter((name) => /^[^.].*\.json$/.test(name));
    } catch (error) {
      // Made by a command of another user.
      if (!isSystemError(error, 'EACCES', 'EPERM')) throw error;
      tellOnce(folder);
      return [];
    }
  };
  return {
    async take() {
      for (const name of names().toSorted()) {
        const path = join(folder, name);
        const note = read(path);
        if (note === null) {
          tellOnce(path);
          continue;
        }
        const { event, ...details } = note;
        await record({ event, actor: 'cli', details });
        rmSync(path, { force: true });
        syncDirectory(folder);
      }
    },
  };
}

function read(path: string): CommandNote | null {
  try {
    return noteSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError || isSystemError(error)) return null;
    throw error;
  }
}
