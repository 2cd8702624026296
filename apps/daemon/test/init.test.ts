import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makePlace, type Place } from './waiaas.ts';

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.clean());

const init = (...more: string[]) => place.run(['init', '--password-file', place.passwordFile, ...more]);

/** Every file with its mode and content, so that "nothing was changed" can be said of all of it. */
function picture(directory: string): Readonly<Record<string, string>> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const stats = lstatSync(join(directory, name));
      const content = stats.isFile()
        ? createHash('sha256')
            .update(readFileSync(join(directory, name)))
            .digest('hex')
        : '';
      return [name, `${(stats.mode & 0o777).toString(8)} ${content}`];
    }),
  );
}

describe('init', () => {
  test.each(['a directory that does not exist', 'an empty one, as a volume is'])(
    'works on %s without a terminal',
    async (what) => {
      if (what.startsWith('an empty')) {
        mkdirSync(place.dataDir, { mode: 0o755 });
        mkdirSync(place.path('lost+found'));
      }
      const { code, out, err } = await init('--non-interactive');
      expect([code, err.includes('Error')]).toEqual([0, false]);
      expect(out).toContain(place.dataDir);
      for (const [name, facts] of Object.entries(picture(place.dataDir))) {
        if (name !== 'lost+found')
          expect(`${name} ${facts.slice(0, 3)}`).toBe(
            `${name} ${lstatSync(place.path(name)).isDirectory() ? '700' : '600'}`,
          );
      }
      expect(lstatSync(place.dataDir).mode & 0o777).toBe(0o700);
      const [secret] =
        /jwt_secret = "([0-9a-f]{64})"/.exec(readFileSync(place.path('config.toml'), 'utf8'))?.slice(1) ?? [];
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      expect(out).not.toContain(secret);
      expect(readdirSync(place.dataDir).filter((name) => name.startsWith('.') || name.startsWith('daemon.'))).toEqual(
        [],
      );
    },
  );

  test.each([
    [[], '100000000'],
    [['--preset', 'standard'], '1000000000'],
  ])('gives all agents the limits that were chosen: %j', async (args, instant) => {
    expect((await init(...args)).code).toBe(0);
    const db = new BetterSqlite3(place.path('data/waiaas.db'), { readonly: true });
    const rules = db.prepare<[], string>('SELECT rules FROM policies').pluck().get() ?? '';
    db.close();
    expect(JSON.parse(rules)).toMatchObject({ instant_max: instant });
  });

  test('knows no other limits, and leaves nothing behind', async () => {
    const { code, err } = await init('--preset', 'none');
    expect([code, err]).toEqual([1, expect.stringContaining('conservative or standard')]);
    expect(existsSync(place.path('data'))).toBe(false);
  });

  test('a second run refuses, tells of --force and changes nothing', async () => {
    await init();
    const before = picture(place.dataDir);
    const { code, err } = await init();
    expect(code).toBe(1);
    expect(err).toMatch(/^Error: .*--force/);
    expect(picture(place.dataDir)).toEqual(before);
  });

  test('--force with a password that is too short, missing or unreadable changes nothing', async () => {
    await init();
    const before = picture(place.dataDir);
    const short = await place.run(['init', '--force'], { WAIAAS_MASTER_PASSWORD: 'too-short' });
    expect([short.code, short.err]).toEqual([1, expect.stringContaining('at least 12 characters; this one has 9')]);
    const none = await place.run(['init', '--force', '--non-interactive']);
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('Master password not provided')]);
    const unreadable = await place.run(['init', '--force', '--password-file', place.path('no-such-file')]);
    expect(unreadable.code).toBe(1);
    expect(picture(place.dataDir)).toEqual(before);
  });

  test('--force begins anew and keeps the old files', async () => {
    await init();
    const before = picture(place.dataDir);
    const { code, out } = await init('--force');
    expect(code).toBe(0);
    const [kept] = readdirSync(place.path('backups'));
    expect(out).toContain(String(kept));
    const old = picture(join(place.path('backups'), String(kept)));
    for (const name of ['config.toml', 'keystore/vault.json', 'data/waiaas.db']) {
      expect(old[name]).toBe(before[name]);
      expect(picture(place.dataDir)[name]).not.toBe(before[name]);
    }
  });

  test('neither --force nor its absence touches what is not a data directory', async () => {
    mkdirSync(place.dataDir);
    writeFileSync(place.path('thesis.tex'), 'precious');
    const other = await init('--force');
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('not a data directory')]);
    for (const target of ['/', place.root]) {
      const { code, err } = await init('--force', '--data-dir', target);
      expect([code, err]).toEqual([1, expect.stringContaining('cannot be a data directory')]);
    }
    expect(readdirSync(place.dataDir)).toEqual(['thesis.tex']);
  });

  test('a keystore that has lost its config.toml is not overwritten', async () => {
    await init();
    const before = picture(place.dataDir);
    const config = readFileSync(place.path('config.toml'));
    rmSync(place.path('config.toml'));
    const { code, err } = await init();
    expect([code, err]).toEqual([1, expect.stringContaining('no config.toml')]);
    writeFileSync(place.path('config.toml'), config);
    chmodSync(place.path('config.toml'), 0o600);
    expect(picture(place.dataDir)).toEqual(before);
  });

  test('two at once: one succeeds, the other says so', async () => {
    const results = await Promise.all([init(), init(), init()]);
    expect(results.filter(({ code }) => code === 0)).toHaveLength(1);
    for (const { code, err } of results) if (code !== 0) expect(err).toMatch(/initialised already|is using/);
    expect(existsSync(place.path('config.toml'))).toBe(true);
  });

  test('with --json the result and the error are JSON', async () => {
    const first = await init('--json');
    expect(JSON.parse(first.out)).toEqual({ initialized: true, dataDir: place.dataDir, port: 3100, replaced: null });
    const second = await init('--json');
    expect(JSON.parse(second.err)).toMatchObject({ code: 'ALREADY_INITIALIZED', exitCode: 1 });
    expect(second.out).toBe('');
  });
});
