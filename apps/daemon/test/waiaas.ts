import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program under test, as it is installed. */
export const WAIAAS = fileURLToPath(new URL('../bin/waiaas.mjs', import.meta.url));
export const PASSWORD = 'canary horse battery';

/** What a finished command left. */
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A place for one test: a data directory that does not exist yet, and a password file. */
export interface Place {
  readonly root: string;
  readonly dataDir: string;
  readonly passwordFile: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs the command to its end. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** Starts the command and leaves it running. */
  spawn(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess;
  /** Path below the data directory. */
  path(name: string): string;
  pid(): number;
  /** Ends what still runs and removes everything. */
  clean(): Promise<void>;
}

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port');
  return address.port;
}

/** Collects what a process prints until it ends. */
export async function finish(child: ChildProcess): Promise<Finished> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

/** Makes a place. The password hash is as cheap as it may be. */
export function makePlace(): Place {
  const root = mkdtempSync(join(tmpdir(), 'waiaas-cli-'));
  const dataDir = join(root, 'data-dir');
  const passwordFile = join(root, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  const cache = process.env.NODE_COMPILE_CACHE;
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: root,
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
    WAIAAS_DATA_DIR: dataDir,
    WAIAAS_KEYSTORE_ARGON2_MEMORY: '32768',
    WAIAAS_KEYSTORE_ARGON2_TIME: '1',
  };
  const children = new Set<ChildProcess>();
  const place: Place = {
    root,
    dataDir,
    passwordFile,
    env,
    spawn(args, more = {}) {
      const child = spawn(process.execPath, [WAIAAS, ...args], {
        env: { ...env, ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.add(child);
      child.on('exit', () => children.delete(child));
      return child;
    },
    run: (args, more) => finish(place.spawn(args, more)),
    path: (name) => join(dataDir, name),
    pid: () => Number(readFileSync(join(dataDir, 'daemon.pid'), 'utf8')),
    async clean() {
      // A daemon in the background is nobody's child; there is none where nothing was initialised.
      if (existsSync(join(dataDir, 'keystore'))) await place.run(['stop', '--force']);
      for (const child of children) child.kill('SIGKILL');
      rmSync(root, { recursive: true, force: true });
    },
  };
  return place;
}
