import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program the demo has started. */
export interface Service {
  /** Everything it has printed. */
  output(): string;
  /** Ends it and waits for its end. */
  stop(): Promise<void>;
}

/** Longest wait for a program to be ready, ms. */
const READY_WAIT_MS = 60_000;
/** Longest wait for a program to end by itself, ms. */
const STOP_WAIT_MS = 20_000;

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/**
 * Starts a program and waits for the line that says that it is ready.
 * @throws Error with its last lines when it ends before, or takes too long
 */
export async function startService(
  name: string,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  ready: RegExp,
): Promise<{ service: Service; match: RegExpExecArray }> {
  const guard = fileURLToPath(new URL('guard.js', import.meta.url));
  const child = spawn(process.execPath, [guard, process.execPath, script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let text = '';
  const service: Service = {
    output: () => text,
    async stop() {
      if (ended(child)) return;
      const end = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_WAIT_MS);
      await end;
      clearTimeout(force);
    },
  };
  return new Promise((resolve, reject) => {
    const giveUp = setTimeout(() => fail('took too long to start'), READY_WAIT_MS);
    const fail = (why: string): void => {
      clearTimeout(giveUp);
      reject(new Error(`The ${name} ${why}. Its last lines:\n${text.split('\n').slice(-15).join('\n')}`));
    };
    const read = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
      const match = ready.exec(text);
      if (match === null) return;
      clearTimeout(giveUp);
      resolve({ service, match });
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('exit', (code) => fail(`ended with code ${code}`));
  });
}

/** Runs a command to its end and answers what it printed on stdout. @throws Error with what it printed on stderr */
export async function runCommand(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { stdout } = await run(process.execPath, [script, ...args], { env: { ...process.env, ...env } });
  return stdout;
}

/** A TCP port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No free port was found');
  return address.port;
}
