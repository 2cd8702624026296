import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry } from '@waiaas/storage';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNoteTaker, leaveNote, NotesUnreadable } from './command-notes.ts';

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
const restored = { event: 'BACKUP_RESTORED', at: at(3), backupOf: at(1), agents: 2, replaced: true } as const;

test('what commands have noted goes on record in its order, once, and was for nobody else to read', async () => {
  await taker().take();
  leaveNote(dataDir, made(2));
  leaveNote(dataDir, restored);
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

const put = (name: string, text: string): void => writeFileSync(join(folder(), name), text);

test('what cannot be read counts as a backup that was put back, once, and is put aside for a person to look at', async () => {
  leaveNote(dataDir, made(1));
  put('a.json', '{');
  put('b.json', JSON.stringify({ event: 'TX_APPROVED', at: at(1) }));
  put('c.json', JSON.stringify({ ...made(1), severity: 'info' }));
  put('d.json', '');
  put('e.json', `"${'x'.repeat(100_000)}"`);
  mkdirSync(join(folder(), 'f.json'));
  symlinkSync(join(dataDir, 'elsewhere'), join(folder(), 'g.json'));
  put('.h.json.0123456789ab.tmp', '{');
  const notes = taker();
  await notes.take();
  await notes.take();
  await taker().take();
  const unreadable = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => join(folder(), `${name}.json`));
  expect(rows.map(({ event, details }) => [event, details?.unreadable])).toEqual([
    ['BACKUP_CREATED', undefined],
    ...unreadable.map((path) => ['BACKUP_RESTORED', path]),
  ]);
  expect(warnings).toHaveLength(7);
  expect(readdirSync(folder()).filter((name) => name.endsWith('.json.unreadable'))).toHaveLength(7);
});

test('where the folder itself cannot be read, nothing goes on and nothing is stopped until a person has put it right', async () => {
  writeFileSync(folder(), 'no directory');
  const notes = taker();
  await expect(notes.take()).rejects.toThrow(folder());
  await expect(notes.take(async () => true)).rejects.toBeInstanceOf(NotesUnreadable);
  expect(rows).toEqual([]);
  rmSync(folder());
  leaveNote(dataDir, restored);
  await notes.take();
  expect(rows.map(({ event }) => event)).toEqual(['BACKUP_RESTORED']);
});

test('that a backup was put back goes on record only once everything is stopped', async () => {
  leaveNote(dataDir, made(1));
  leaveNote(dataDir, restored);
  put('z.json', '{');
  const notes = taker();
  await notes.take(async () => false);
  expect(rows.map(({ event }) => event)).toEqual(['BACKUP_CREATED']);
  const failing = async (): Promise<boolean> => {
    throw new Error('disk full');
  };
  await expect(notes.take(failing)).rejects.toThrow('disk full');
  expect(readdirSync(folder())).toHaveLength(2);
  const seen: number[] = [];
  await notes.take(async () => seen.push(rows.length) > 0);
  expect(seen).toEqual([1, 2]);
  expect(rows.map(({ event }) => event)).toEqual(['BACKUP_CREATED', 'BACKUP_RESTORED', 'BACKUP_RESTORED']);
});

test('a note of root is for whoever the data directory belongs to', async () => {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const owner = uid === 0 ? [65_534, 65_534] : [uid, gid];
  chownSync(dataDir, owner[0] ?? 0, owner[1] ?? 0);
  leaveNote(dataDir, made(1));
  for (const path of [folder(), ...readdirSync(folder()).map((name) => join(folder(), name))]) {
    const stats = statSync(path);
    expect([stats.uid, stats.gid], path).toEqual(owner);
  }
});
