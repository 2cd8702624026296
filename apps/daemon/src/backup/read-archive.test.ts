import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readArchive } from './read-archive.ts';
import { writeArchive } from './write-archive.ts';

let root: string;
let files: string;
let into: string;
let archive: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'waiaas-archive-'));
  [files, into, archive] = [join(root, 'files'), join(root, 'into'), join(root, 'a.tar.gz')];
  mkdirSync(files);
  mkdirSync(into);
});
afterEach(() => rmSync(root, { recursive: true }));

const put = (name: string, text: string): void => {
  mkdirSync(dirname(join(files, name)), { recursive: true });
  writeFileSync(join(files, name), text);
};
const KEY = 'keystore/019a4d3e-0000-7000-8000-000000000001.json';
const GOOD = { 'config.toml': 'x = 1\n', 'database.db': 'd'.repeat(100_000), 'keystore/vault.json': '{}', [KEY]: '' };

/** An archive made by somebody else. */
async function forge(
  contents: Readonly<Record<string, string>>,
  manifest: object | null,
  more: readonly string[] = [],
) {
  for (const [name, text] of Object.entries(contents)) put(name, text);
  const names = [...Object.keys(contents), ...more];
  if (manifest !== null) put('manifest.json', JSON.stringify(manifest));
  await create({ file: archive, cwd: files, gzip: true, preservePaths: true }, [
    ...(manifest === null ? [] : ['manifest.json']),
    ...names,
  ]);
}
const manifestOf = (contents: Readonly<Record<string, string>>) => ({
  format: 'waiaas-backup',
  version: 1,
  createdAt: '2026-11-22T00:00:00.000Z',
  madeBy: '0.2.0',
  files: Object.fromEntries(
    Object.entries(contents).map(([name, text]) => [
      name,
      { size: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') },
    ]),
  ),
});
const refusal = (): Promise<unknown> => readArchive(archive, into).catch((error: unknown) => error);

test('what goes in comes out, to the byte, and private', async () => {
  for (const [name, text] of Object.entries(GOOD)) put(name, text);
  const createdAt = '2026-11-22T00:00:00.000Z';
  await writeArchive(archive, { folder: files, names: Object.keys(GOOD), createdAt, onStep: () => undefined });
  const manifest = await readArchive(archive, into);
  expect([manifest.createdAt, Object.keys(manifest.files)]).toEqual([createdAt, Object.keys(GOOD)]);
  for (const [name, text] of Object.entries(GOOD)) expect(readFileSync(join(into, name), 'utf8')).toBe(text);
});

test('the same files make the same archive', async () => {
  for (const [name, text] of Object.entries(GOOD)) put(name, text);
  const options = {
    folder: files,
    names: Object.keys(GOOD),
    createdAt: '2026-11-22T00:00:00.000Z',
    onStep: () => undefined,
  };
  await writeArchive(archive, options);
  for (const name of Object.keys(GOOD)) utimesSync(join(files, name), 1, 1);
  await writeArchive(`${archive}.2`, options);
  expect(readFileSync(`${archive}.2`).equals(readFileSync(archive))).toBe(true);
});

test.each([
  ['a file that no backup has', { ...GOOD, 'daemon.lock': 'x' }],
  ['a file in another folder', { ...GOOD, 'data/waiaas.db': 'x' }],
  ['a hidden file', { ...GOOD, 'keystore/.hidden.json': 'x' }],
])('%s is refused', async (_name, contents) => {
  await forge(contents, manifestOf(contents));
  expect(await refusal()).toMatchObject({ code: 'BACKUP_UNREADABLE' });
});

test.each(['../outside.json', '/tmp/waiaas-archive-outside.json', 'keystore/../../outside.json'])(
  'a way out (%s) leads nowhere',
  async (name) => {
    put('a', 'x');
    await create(
      {
        file: archive,
        cwd: files,
        gzip: true,
        preservePaths: true,
        onWriteEntry: (entry) => {
          if (entry.path === 'a') entry.path = name;
        },
      },
      ['a'],
    );
    expect(await refusal()).toMatchObject({ code: 'BACKUP_UNREADABLE' });
    expect(existsSync(join(root, 'outside.json'))).toBe(false);
    expect(existsSync('/tmp/waiaas-archive-outside.json')).toBe(false);
  },
);

test('links are refused, of both kinds', async () => {
  mkdirSync(join(files, 'keystore'));
  symlinkSync('/etc/passwd', join(files, 'keystore', 'soft.json'));
  await forge(GOOD, manifestOf(GOOD), ['keystore/soft.json']);
  expect(await refusal()).toMatchObject({ code: 'BACKUP_UNREADABLE' });
  rmSync(archive);
  rmSync(join(files, 'keystore', 'soft.json'));
  linkSync(join(files, 'config.toml'), join(files, 'keystore', 'hard.json'));
  await forge(GOOD, manifestOf(GOOD), ['keystore/hard.json']);
  expect(await refusal()).toMatchObject({ code: 'BACKUP_UNREADABLE' });
  expect(readdirSync(into).includes('etc')).toBe(false);
});

test('content that is not what the manifest says is refused, and so is a file more or less', async () => {
  await forge({ ...GOOD, [KEY]: 'other' }, manifestOf(GOOD));
  expect(await refusal()).toMatchObject({ message: expect.stringContaining('is not what was backed up') });
  for (const [contents, told] of [
    [GOOD, { ...GOOD, 'keystore/more.json': 'x' }],
    [{ ...GOOD, 'keystore/more.json': 'x' }, GOOD],
  ] as const) {
    rmSync(into, { recursive: true });
    mkdirSync(into);
    await forge(contents, manifestOf(told));
    expect(await refusal()).toMatchObject({ code: 'BACKUP_UNREADABLE' });
  }
});

test.each([
  ['none', null],
  ['of a later version', { ...manifestOf(GOOD), version: 2 }],
  ['with more in it', { ...manifestOf(GOOD), extra: true }],
])('a manifest that is %s is refused', async (_name, manifest) => {
  await forge(GOOD, manifest);
  expect(await refusal()).toMatchObject({ code: 'BACKUP_UNREADABLE' });
});

test('half an archive, an empty one and no archive at all are refused', async () => {
  await forge(GOOD, manifestOf(GOOD));
  const whole = readFileSync(archive);
  for (const bytes of [whole.subarray(0, whole.length / 2), Buffer.alloc(0), Buffer.from('no archive'.repeat(100))]) {
    writeFileSync(archive, bytes);
    rmSync(into, { recursive: true });
    mkdirSync(into);
    expect(await refusal()).toMatchObject({ code: 'BACKUP_UNREADABLE' });
  }
});
