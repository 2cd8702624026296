import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry } from '@waiaas/storage';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNoteTaker, leaveNote } from './command-notes.ts';

let dataDir: string;
let rows: AuditEntry[];
let warnings: object[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'waiaas-notes-'));
  rows = [];
  warnings = [];
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const taker = (record = async (entry: AuditEntry) => void rows.push(entry)) =>
  createNoteTaker(dataDir, {
    record,
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (fields) => void warnings.push(fields),
      error: () => undefined,
    },
  });
const folder = (): string => join(dataDir, 'command-notes');
const at = (second: number): string => `2026-11-28T08:00:0${second}.000Z`;
const made = (second: number) => ({ event: 'BACKUP_CREATED', at: at(second), file: '/b.tar.gz', keys: 2 }) as const;

test('what commands have noted goes on record in its order, once, and was for nobody else to read', async () => {
  await taker().take();
  leaveNote(dataDir, made(2));
  leaveNote(dataDir, { event: 'BACKUP_RESTORED', at: at(3), backupOf: at(1), agents: 2, replaced: true });
  leaveNote(dataDir, made(1));
  expect(statSync(folder()).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder())) expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
  await taker().take();
  await taker().take();
  expect(rows.map(({ event, actor, details }) => [event, actor, details?.at])).toEqual([
    ['BACKUP_CREATED', 'cli', at(1)],
    ['BACKUP_CREATED', 'cli', at(2)],
    ['BACKUP_RESTORED', 'cli', at(3)],
  ]);
  expect(readdirSync(folder())).toEqual([]);
});

test('a note is kept until its row is committed, and taken back where nothing came of it', async () => {
  const takeBack = leaveNote(dataDir, made(1));
  const full = taker(async () => {
    throw new Error('disk full');
  });
  await expect(full.take()).rejects.toThrow('disk full');
  expect(readdirSync(folder())).toHaveLength(1);
  takeBack();
  await taker().take();
  expect(rows).toEqual([]);
});

test('nothing else than what a command may note gets on record by it', async () => {
  leaveNote(dataDir, made(1));
  const put = (name: string, text: string): void => writeFileSync(join(folder(), name), text);
  put('a.json', '{');
  put('b.json', JSON.stringify({ event: 'TX_APPROVED', at: at(1) }));
  put('c.json', JSON.stringify({ ...made(1), severity: 'info' }));
  put('.d.json.0123456789ab.tmp', '{');
  const notes = taker();
  await notes.take();
  await notes.take();
  expect(rows).toHaveLength(1);
  // Told of once, and left for a person to look at.
  expect(warnings).toHaveLength(3);
  expect(readdirSync(folder())).toHaveLength(4);
});
