import { randomBytes } from 'node:crypto';
import { chownSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@waiaas/core';
import type { AuditEntry } from '@waiaas/storage';
import { z } from 'zod';
import { dataPaths, ensurePrivateDirectory, syncDirectory, writeFileAtomically } from '../data-dir/index.ts';
import { isSystemError, unlessMissing } from '../system-error.ts';

/*
 * Backups are made beside a daemon at work and put back without a password, by commands that have no key to seal the audit
 * log with. They leave a note, and the daemon puts it on record. Whoever can write a note can write the whole directory; all
 * that a false one comes to is a row that says a backup was made or put back, and that everything is stopped.
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

/** More than a note comes to; what is larger is none. */
const LARGEST_NOTE = 65_536;
/** What a note that cannot be read is called from then on. */
const PUT_ASIDE = '.unreadable';

/**
 * Leaves a note that whoever the data directory belongs to can read, also where root has run the command.
 *
 * @param dataDir where the daemon will find it; the stage of a data directory is fine
 * @returns takes the note back, for what did not come about
 */
export function leaveNote(dataDir: string, note: CommandNote): () => void {
  const { commandNotes } = dataPaths(dataDir);
  const owner = process.getuid?.() === 0 ? statSync(dataDir) : undefined;
  ensurePrivateDirectory(commandNotes);
  if (owner !== undefined) chownSync(commandNotes, owner.uid, owner.gid);
  const name = `${note.at.replaceAll(/[:.]/g, '-')}-${randomBytes(4).toString('hex')}.json`;
  const path = join(commandNotes, name);
  writeFileAtomically(path, JSON.stringify(note), 0o600, owner);
  return () => rmSync(path, { force: true });
}

/** The folder of the notes cannot be read: nobody knows whether a backup was put back. */
export class NotesUnreadable extends Error {
  override readonly name = 'NotesUnreadable';
  readonly folder: string;

  constructor(folder: string, options?: ErrorOptions) {
    super(`The notes of commands cannot be read: ${folder}`, options);
    this.folder = folder;
  }
}

/** Puts notes on record. */
export interface NoteTaker {
  /**
   * Takes all that there are, oldest first. A note is removed once its row is committed: after a crash it may be in twice.
   *
   * One that cannot be read counts as one of a backup that was put back: it may be. It is put aside, for a person to look at;
   * where that is not possible either, each start counts it anew.
   *
   * @param beforeRestore called before it goes on record that a backup was put back; where it answers false, that waits for
   *   the next time. Without it nothing may be at work
   * @throws NotesUnreadable when the folder cannot be read; whatever else keeps a note from being read now, and not for good
   */
  take(beforeRestore?: () => Promise<boolean>): Promise<void>;
}

/** @param record commits a row of the audit log */
export function createNoteTaker(
  dataDir: string,
  { record, logger }: { readonly record: (entry: AuditEntry) => Promise<void>; readonly logger: Logger },
): NoteTaker {
  const folder = dataPaths(dataDir).commandNotes;
  /** Counted already, and still where they were. */
  const stuck = new Set<string>();

  const names = (): readonly string[] => {
    try {
      return unlessMissing(() => readdirSync(folder), []).filter((name) => /^[^.].*\.json$/.test(name));
    } catch (error) {
      // Made by a command of another user, or no directory at all: a person puts that right, and loses nothing by it.
      if (isSystemError(error)) throw new NotesUnreadable(folder, { cause: error });
      throw error;
    }
  };
  const putAside = (path: string): void => {
    try {
      renameSync(path, `${path}${PUT_ASIDE}`);
      syncDirectory(folder);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      stuck.add(path);
    }
  };
  const countUnreadable = async (path: string): Promise<void> => {
    await record({ event: 'BACKUP_RESTORED', actor: 'cli', details: { unreadable: path } });
    logger.warn({ path }, 'What a command has noted cannot be read: it counts as a backup that was put back');
    putAside(path);
  };

  return {
    async take(beforeRestore = async () => true) {
      for (const name of names().toSorted()) {
        const path = join(folder, name);
        if (stuck.has(path)) continue;
        const note = read(path);
        if (note === 'gone') continue;
        if ((note === 'unreadable' || note.event === 'BACKUP_RESTORED') && !(await beforeRestore())) continue;
        if (note === 'unreadable') {
          await countUnreadable(path);
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

/** Gone is what the command that has left it has taken back. */
function read(path: string): CommandNote | 'gone' | 'unreadable' {
  try {
    const stats = lstatSync(path);
    if (!stats.isFile() || stats.size > LARGEST_NOTE) return 'unreadable';
    return noteSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 'gone';
    if (error instanceof SyntaxError || error instanceof z.ZodError) return 'unreadable';
    // What another user has left stays as it is. A disk or a process in trouble may be out of it the next time.
    if (isSystemError(error, 'EACCES') || isSystemError(error, 'EPERM')) return 'unreadable';
    throw error;
  }
}
