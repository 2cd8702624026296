import { spawn } from 'node:child_process';
import { cp, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentId } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { intercepted } from '../test/intercepted-file-system.ts';
import { codeOf, keystoreAt, newAgentId, OTHER_PASSWORD, PASSWORD, solanaKey, withDirectory } from '../test/support.ts';
import type { Keystore } from './keystore.ts';

const CHILD = fileURLToPath(new URL('../test/crash-child.ts', import.meta.url));

/** Runs the child on a folder; tells whether it was killed at the step or came to its end. */
const run = (what: string, directory: string, step: number, agent: string): Promise<'killed' | 'finished'> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, what, directory, String(step), agent], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += String(chunk);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve('killed');
      else if (code === 0) resolve('finished');
      else reject(new Error(`The child ended with ${code ?? signal}: ${errors}`));
    });
  });

/** Kills the task before each of its changes to the folder in turn, each time on a fresh copy; tells how many there are. */
async function atEveryStep(
  what: string,
  origin: string | null,
  agent: string,
  check: (directory: string, outcome: 'killed' | 'finished') => Promise<void>,
): Promise<number> {
  const attempt = (step: number): Promise<'killed' | 'finished'> =>
    withDirectory(async (directory) => {
      if (origin !== null) await cp(origin, directory, { recursive: true });
      const outcome = await run(what, directory, step, agent);
      await check(directory, outcome);
      return outcome;
    });
  for (let step = 1; ; step += 2) {
    const outcomes = await Promise.all([attempt(step), attempt(step + 1)]);
    if (outcomes.includes('finished')) return step - 1 + outcomes.indexOf('finished');
  }
}

/** Everything under the folder parses or is a leftover that the next start removes; nothing is open to others. */
async function expectTidy(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    expect((await stat(path)).mode & 0o077).toBe(0);
    if (entry.isFile() && entry.name.endsWith('.json')) JSON.parse(await readFile(path, 'utf8'));
  }
}

const temporaries = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((name) => name.endsWith('.tmp'));

async function signs(directory: string, keystoreParts: ReturnType<typeof keystoreAt>, agents: readonly AgentId[]) {
  const { keystore, permits, gate } = keystoreParts;
  gate.open();
  for (const agentId of agents) {
    expect(
      keystore.sign(permits.mint({ agentId, intentHash: directory, epoch: gate.epoch }), new Uint8Array(1)),
    ).toHaveLength(64);
  }
}

describe.concurrent('SIGKILL between any two changes on the disk', () => {
  test('of initialise leaves no vault or a whole one', { timeout: 120_000 }, () =>
    withDirectory(async () => {
      const steps = await atEveryStep('initialise', null, '', async (directory, outcome) => {
        const { keystore } = keystoreAt(directory);
        const made = await keystore.isInitialised();
        if (outcome === 'finished') expect(made).toBe(true);
        if (made) await expectTidy(directory);
        else await keystore.initialise(PASSWORD);
        expect(await codeOf(() => keystore.unlock(OTHER_PASSWORD))).toBe('WRONG_PASSWORD');
        await keystore.unlock(PASSWORD);
        expect(await temporaries(directory)).toEqual([]);
      });
      expect(steps).toBe(7);
    }),
  );

  test('of createKey leaves no key or a whole one, and never harms another', { timeout: 120_000 }, () =>
    withDirectory(async (origin) => {
      const first = keystoreAt(origin).keystore;
      await first.initialise(PASSWORD);
      await first.unlock(PASSWORD);
      const present = [newAgentId(), newAgentId()];
      for (const id of present) await first.createKey(solanaKey(id));
      const created = newAgentId();
      const steps = await atEveryStep('createKey', origin, created, async (directory, outcome) => {
        await expectTidy(directory);
        const restarted = keystoreAt(directory);
        const { keystore } = restarted;
        await keystore.unlock(PASSWORD);
        const isWhole = keystore.keyCount === 3;
        expect(keystore.keyCount).toBe(isWhole ? 3 : 2);
        if (outcome === 'finished') expect(isWhole).toBe(true);
        await signs(directory, restarted, isWhole ? [...present, created] : present);
        // The row was never committed: the repair puts the key aside, whatever there is of it.
        if (isWhole) await keystore.discardKey(created);
        await keystore.createKey(solanaKey(created));
        expect(await temporaries(directory)).toEqual([]);
        keystore.lock();
      });
      expect(steps).toBe(7);
    }),
  );

  test('of changePassword leaves exactly one password that opens everything', { timeout: 120_000 }, () =>
    withDirectory(async (origin) => {
      const first = keystoreAt(origin).keystore;
      await first.initialise(PASSWORD);
      await first.unlock(PASSWORD);
      const present = [newAgentId(), newAgentId()];
      for (const id of present) await first.createKey(solanaKey(id));
      const before = await readFile(join(origin, 'vault.json'), 'utf8');
      const seen = new Set<string>();
      const steps = await atEveryStep('changePassword', origin, '', async (directory, outcome) => {
        await expectTidy(directory);
        const restarted = keystoreAt(directory);
        const { keystore } = restarted;
        const opens = [];
        for (const password of [PASSWORD, OTHER_PASSWORD]) {
          if (await keystore.verifyPassword(password)) opens.push(password);
        }
        expect(opens).toHaveLength(1);
        const [password = ''] = opens;
        seen.add(password);
        if (outcome === 'finished') expect(password).toBe(OTHER_PASSWORD);
        if (password === OTHER_PASSWORD) {
          const [backup = ''] = await readdir(join(directory, 'backups'));
          expect(await readFile(join(directory, 'backups', backup), 'utf8')).toBe(before);
        }
        await keystore.unlock(password);
        await signs(directory, restarted, present);
        await keystore.changePassword(password, 'a third, last password');
        expect(await temporaries(directory)).toEqual([]);
        expect(await temporaries(join(directory, 'backups'))).toEqual([]);
        keystore.lock();
      });
      expect(steps).toBe(11);
      expect([...seen].sort()).toEqual([OTHER_PASSWORD, PASSWORD].sort());
    }),
  );

  test.each(['discardKey', 'archiveKey'])(
    'of %s leaves the key file in one of the two places',
    { timeout: 120_000 },
    (task) =>
      withDirectory(async (origin) => {
        const first = keystoreAt(origin).keystore;
        await first.initialise(PASSWORD);
        await first.unlock(PASSWORD);
        const gone = newAgentId();
        await first.createKey(solanaKey(gone));
        const text = await readFile(join(origin, `${gone}.json`), 'utf8');
        const steps = await atEveryStep(task, origin, gone, async (directory) => {
          await expectTidy(directory);
          const files = await readdir(directory, { recursive: true });
          const found = files.filter((name) => name.includes(gone));
          expect(found).toHaveLength(1);
          expect(await readFile(join(directory, found[0] ?? ''), 'utf8')).toBe(text);
          const { keystore } = keystoreAt(directory);
          await keystore.unlock(PASSWORD);
          expect(keystore.keyCount).toBe(found[0] === `${gone}.json` ? 1 : 0);
        });
        expect(steps).toBe(3);
      }),
  );
});

/** An error as a full disk gives it. */
const diskFull = (): Error => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

describe('a failing disk', () => {
  const tasks: Readonly<Record<string, (keystore: Keystore, agentId: AgentId) => Promise<unknown>>> = {
    createKey: (keystore, agentId) => keystore.createKey(solanaKey(agentId)),
    changePassword: (keystore) => keystore.changePassword(PASSWORD, OTHER_PASSWORD),
  };

  test.each(Object.entries(tasks))(
    'at any system call of %s is told, and leaves a keystore that works',
    (_name, task) =>
      withDirectory(async (origin) => {
        const present = newAgentId();
        const setUp = keystoreAt(origin).keystore;
        await setUp.initialise(PASSWORD);
        await setUp.unlock(PASSWORD);
        await setUp.createKey(solanaKey(present));
        for (let step = 1; ; step += 1) {
          const isDone = await withDirectory(async (directory) => {
            await cp(origin, directory, { recursive: true });
            let failAt = Number.POSITIVE_INFINITY;
            let calls = 0;
            const parts = keystoreAt(
              directory,
              intercepted(({ number }) => {
                calls = number;
                if (number === failAt) throw diskFull();
              }),
            );
            const { keystore } = parts;
            await keystore.unlock(PASSWORD);
            failAt = calls + step;
            const agentId = newAgentId();
            const outcome = await task(keystore, agentId).then(
              () => 'done',
              (error: unknown) => error,
            );
            if (calls < failAt) return true;
            expect(outcome).toMatchObject({ name: 'WaiaasError', code: 'STORAGE_UNAVAILABLE' });
            expect(String(outcome)).not.toContain(directory);
            failAt = Number.POSITIVE_INFINITY;
            // What was not confirmed is not in use …
            expect(keystore.keyCount).toBe(1);
            await signs(directory, parts, [present]);
            // … and a restart opens, with one password.
            keystore.lock();
            const opens = [];
            for (const password of [PASSWORD, OTHER_PASSWORD]) {
              if (await keystore.verifyPassword(password)) opens.push(password);
            }
            expect(opens).toHaveLength(1);
            await keystore.unlock(opens[0] ?? '');
            await signs(directory, parts, [present]);
            keystore.lock();
            return false;
          });
          if (isDone) break;
          expect(step).toBeLessThan(100);
        }
      }),
  );

  test('at any system call of unlock leaves nothing loaded', () =>
    withDirectory(async (directory) => {
      const setUp = keystoreAt(directory).keystore;
      await setUp.initialise(PASSWORD);
      await setUp.unlock(PASSWORD);
      await setUp.createKey(solanaKey());
      for (let step = 1; ; step += 1) {
        let calls = 0;
        const { keystore } = keystoreAt(
          directory,
          intercepted(({ number }) => {
            calls = number;
            if (number === step) throw diskFull();
          }),
        );
        const outcome = await keystore.unlock(PASSWORD).then(
          () => 'done',
          (error: unknown) => error,
        );
        if (calls < step) {
          expect(outcome).toBe('done');
          expect(step).toBeGreaterThan(10);
          break;
        }
        expect(outcome).toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
        expect([keystore.isUnlocked, keystore.keyCount]).toEqual([false, 0]);
      }
    }));
});

test('bytes are on the disk before a name points to them, and the name is before success is told', () =>
  withDirectory(async (directory) => {
    const trace: string[] = [];
    const { keystore } = keystoreAt(
      directory,
      intercepted(({ name }) => {
        trace.push(name);
      }),
    );
    await keystore.initialise(PASSWORD);
    await keystore.unlock(PASSWORD);
    const tasks: readonly [string, () => Promise<unknown>][] = [
      ['link', () => keystore.createKey(solanaKey())],
      ['rename', () => keystore.changePassword(PASSWORD, OTHER_PASSWORD)],
    ];
    for (const [publish, task] of tasks) {
      trace.length = 0;
      await task();
      const published = trace.lastIndexOf(publish);
      expect(published).toBeGreaterThan(0);
      const before = trace.slice(0, published);
      expect(before.lastIndexOf('sync')).toBeGreaterThan(before.lastIndexOf('write'));
      expect(trace.slice(published)).toContain('sync');
      expect(trace.slice(published)).not.toContain('write');
    }
  }));

describe('a lock that comes in the middle', () => {
  test('of unlock wins', () =>
    withDirectory(async (directory) => {
      const setUp = keystoreAt(directory).keystore;
      await setUp.initialise(PASSWORD);
      await setUp.unlock(PASSWORD);
      await setUp.createKey(solanaKey());
      let onList = (): void => undefined;
      const { keystore } = keystoreAt(
        directory,
        intercepted(({ name }) => {
          if (name === 'list') onList();
        }),
      );
      onList = () => expect(() => keystore.lock()).toThrowError(expect.objectContaining({ code: 'KEYSTORE_LOCKED' }));
      expect(await codeOf(() => keystore.unlock(PASSWORD))).toBe('KEYSTORE_LOCKED');
      expect([keystore.isUnlocked, keystore.keyCount]).toEqual([false, 0]);
      onList = () => undefined;
      await keystore.unlock(PASSWORD);
      expect(keystore.keyCount).toBe(1);
    }));

  test.each(['open', 'write', 'link', 'unlink'])('of createKey, at %s, wins', (moment) =>
    withDirectory(async (directory) => {
      let lockAt = '';
      const { keystore } = keystoreAt(
        directory,
        intercepted(({ name }) => {
          if (name === lockAt && keystore.isUnlocked) keystore.lock();
        }),
      );
      await keystore.initialise(PASSWORD);
      await keystore.unlock(PASSWORD);
      lockAt = moment;
      expect(await codeOf(() => keystore.createKey(solanaKey()))).toBe('KEYSTORE_LOCKED');
      expect([keystore.isUnlocked, keystore.keyCount]).toEqual([false, 0]);
      lockAt = '';
      await keystore.unlock(PASSWORD);
    }),
  );
});
