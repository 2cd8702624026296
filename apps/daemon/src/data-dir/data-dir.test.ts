import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DataDirError,
  ensurePrivateDirectory,
  locateDataDir,
  removeStaleTemporaries,
  verifyDataDir,
  writeFileAtomically,
} from './index.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'waiaas-dir-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const mode = (path: string): string => (statSync(join(root, path)).mode & 0o777).toString(8);

describe('locating', () => {
  const home = '/home/someone';
  test('the first source that is given wins', () => {
    const env = { WAIAAS_DATA_DIR: '/from-env', XDG_DATA_HOME: '/xdg' };
    expect(locateDataDir({ flag: '/from-flag', env, home })).toBe('/from-flag');
    expect(locateDataDir({ env, home })).toBe('/from-env');
    expect(locateDataDir({ env: { XDG_DATA_HOME: '/xdg' }, home })).toBe('/xdg/waiaas');
    expect(locateDataDir({ env: {}, home })).toBe('/home/someone/.waiaas');
  });

  test('~ is expanded, the result is absolute, empty texts are not given', () => {
    expect(locateDataDir({ flag: '~/w', env: {}, home })).toBe('/home/someone/w');
    expect(locateDataDir({ flag: '~', env: {}, home })).toBe('/home/someone');
    expect(locateDataDir({ flag: 'w', env: {}, home })).toBe(join(process.cwd(), 'w'));
    expect(locateDataDir({ flag: '', env: { WAIAAS_DATA_DIR: '', XDG_DATA_HOME: 'relative' }, home })).toBe(
      '/home/someone/.waiaas',
    );
  });
});

describe('creating and verifying', () => {
  test('what was left open to others is closed', () => {
    for (const path of ['data', 'keystore', 'logs', 'backups']) mkdirSync(join(root, path), { mode: 0o755 });
    const files = ['config.toml', 'data/waiaas.db', 'data/waiaas.db-wal', 'keystore/vault.json', 'backups/a.db'];
    for (const path of files) writeFileSync(join(root, path), 'x', { mode: 0o644 });
    for (const path of ['logs/daemon.log', 'daemon.pid']) writeFileSync(join(root, path), 'x', { mode: 0o666 });
    for (const path of ['', 'data', 'keystore', 'logs', 'backups']) chmodSync(join(root, path), 0o755);
    for (const path of ['logs/daemon.log', 'daemon.pid']) chmodSync(join(root, path), 0o666);

    expect(verifyDataDir(root).length).toBe(5 + files.length + 2);
    for (const path of ['', 'data', 'keystore', 'logs', 'backups']) expect(mode(path)).toBe('700');
    for (const path of files) expect(mode(path)).toBe('600');
    for (const path of ['logs/daemon.log', 'daemon.pid']) expect(mode(path)).toBe('644');
    expect(verifyDataDir(root)).toEqual([]);
  });

  test('stricter modes stay as they are', () => {
    writeFileSync(join(root, 'config.toml'), 'x', { mode: 0o400 });
    expect(verifyDataDir(root)).toEqual([]);
    expect(mode('config.toml')).toBe('400');
  });

  test.each(['keystore', 'config.toml', 'keystore/vault.json'])('a symbolic link as %s is refused', (path) => {
    if (path.includes('/')) mkdirSync(join(root, 'keystore'));
    symlinkSync('/etc', join(root, path));
    expect(() => verifyDataDir(root)).toThrow(DataDirError);
  });

  test('a link or a file in place of the data directory is refused', () => {
    symlinkSync(root, join(root, 'link'));
    expect(() => ensurePrivateDirectory(join(root, 'link'))).toThrow(DataDirError);
    expect(() => verifyDataDir(join(root, 'link'))).toThrow(DataDirError);
    writeFileSync(join(root, 'file'), '');
    expect(() => ensurePrivateDirectory(join(root, 'file'))).toThrow(DataDirError);
  });

  test('an existing directory becomes private', () => {
    mkdirSync(join(root, 'open'), { mode: 0o755 });
    ensurePrivateDirectory(join(root, 'open'));
    expect(mode('open')).toBe('700');
  });
});

describe('atomic writes', () => {
  test('the file is private even where an open one was', () => {
    writeFileSync(join(root, 'f'), 'old', { mode: 0o644 });
    writeFileAtomically(join(root, 'f'), 'new');
    expect(readFileSync(join(root, 'f'), 'utf8')).toBe('new');
    expect(mode('f')).toBe('600');
    expect(readdirSync(root)).toEqual(['f']);
  });

  test('a failed write leaves the target and nothing else', () => {
    mkdirSync(join(root, 'd'));
    writeFileSync(join(root, 'd', 'inside'), '');
    expect(() => writeFileAtomically(join(root, 'd'), 'new')).toThrow();
    expect(readdirSync(root)).toEqual(['d']);
  });

  test('leftovers of a killed write are removed, other files are not', () => {
    for (const name of ['.config.toml.0123456789ab.tmp', '.hidden', 'x.tmp']) writeFileSync(join(root, name), '');
    removeStaleTemporaries(root);
    expect(existsSync(join(root, '.config.toml.0123456789ab.tmp'))).toBe(false);
    expect(readdirSync(root).sort()).toEqual(['.hidden', 'x.tmp']);
  });
});
