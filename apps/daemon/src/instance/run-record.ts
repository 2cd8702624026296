import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomically } from '../data-dir/index.ts';
import { unlessMissing } from '../system-error.ts';

const runRecordSchema = z.object({
  pid: z.int().positive(),
  /** The port really listened on, which `--port` may have chosen. */
  port: z.int().min(1).max(65_535),
  /** See `processStamp`; null where the system has none. */
  stamp: z.string().nullable(),
});

/**
 * What the PID file, being digits only, cannot say: where the daemon listens, and a stamp by which it is told from a
 * later process that got the same number. Written before the PID file, removed after it, and believed only while the PID
 * file names the same process.
 */
export type RunRecord = z.infer<typeof runRecordSchema>;

/** Writes the record, 0600. */
export const writeRunRecord = (path: string, record: RunRecord): void =>
  writeFileAtomically(path, JSON.stringify(record));

/** Reads the record; null when there is none or it is not one. */
export function readRunRecord(path: string): RunRecord | null {
  const text = unlessMissing(() => readFileSync(path, 'utf8'), null);
  if (text === null) return null;
  try {
    const parsed = runRecordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Removes the record of a process; another one's is left alone. */
export function removeRunRecord(path: string, pid: number): void {
  if (readRunRecord(path)?.pid === pid) rmSync(path, { force: true });
}
