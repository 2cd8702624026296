import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { address } from '@solana/kit';
import { initialise, loadConfig } from '@waiaas/daemon';
import { type Localnet, startLocalnet } from '@waiaas/localnet';
import { WAIaaSClient } from '@waiaas/sdk';
import { z } from 'zod';
import { createRemainingDecisions } from './remaining-decisions.ts';

const PROCESS = fileURLToPath(new URL('../dist/process/daemon-process.js', import.meta.url));
export const PASSWORD = 'Canary-Master-Password-71';
export const JWT_SECRET = 'canary-jwt-secret-'.padEnd(64, 'x');
/** In the path of the RPC address, where providers put it. */
export const RPC_KEY = 'canary-rpc-api-key';

const readySchema = z.object({ port: z.int(), startBoundaries: z.array(z.string()) });
const countSchema = z.object({ passed: z.array(z.string()) });
const signaturesSchema = z.object({ signatures: z.int(), late: z.int() });
const usesSchema = z.object({ databaseUses: z.int(), argon2Runs: z.int() });

/** The real daemon in a process of its own. */
export interface DaemonProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** A request with the master password. */
  operate(method: string, path: string, body?: unknown, password?: string): Promise<{ status: number; body: unknown }>;
  client(token: string): WAIaaSClient;
  /** From now on boundaries are counted; at the n-th, or once these were passed in this order, the process kills itself. */
  arm(at: number | readonly string[] | 'never'): Promise<void>;
  /** Names of the boundaries that were passed since, in order. */
  boundaries(): Promise<readonly string[]>;
  /** Names of those that its start passed. */
  readonly startBoundaries: readonly string[];
  /** Signatures that the process has made. */
  countSignatures(): Promise<number>;
  /** Those of them that it has made since it answered that the kill switch is engaged. */
  countLateSignatures(): Promise<number>;
  /** Sets the daemon's clock forward. */
  advance(seconds: number): Promise<void>;
  /** How much the daemon has given its database to do so far, and how often it has run Argon2. */
  uses(): Promise<{ readonly databaseUses: number; readonly argon2Runs: number }>;
  /** Ends it as an error that nobody caught does; answers the exit code. */
  crash(): Promise<number | null>;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
  /** Resolves when the process has ended, whatever ended it. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** All it printed. */
  output(): string;
}

/** A ledger, and data directories to run daemons in. */
export interface Harness {
  readonly ledger: Localnet;
  readonly passwordFile: string;
  /**
   * Makes an initialised data directory.
   * @param endpoints of the ledger, best first; its own unless told otherwise
   */
  createDataDir(settings?: string, endpoints?: readonly string[]): Promise<string>;
  copyDataDir(from: string): string;
  /** Of a directory whose payments or decisions the test has changed, no decision is made again at the end. */
  leaveOut(dataDir: string): void;
  /** @param aheadSeconds how much the daemon's clock is ahead */
  start(dataDir: string, env?: Readonly<Record<string, string>>, aheadSeconds?: number): Promise<DaemonProcess>;
  /** Starts a daemon that kills itself at a boundary of its start, or right after it where there are not so many. */
  dieStarting(dataDir: string, boundary: number, aheadSeconds: number): Promise<void>;
  /** Ends everything, and makes every decision again that was made. @throws Error when one comes out otherwise */
  close(): Promise<void>;
}

const CONFIG = (rpcUrls: readonly string[], wsUrl: string, settings: string): string => `
[daemon]
shutdown_timeout = 20
[keystore]
argon2_memory = 32768
argon2_time = 1
argon2_parallelism = 1
[rpc.solana]
localnet = ${JSON.stringify(rpcUrls)}
[rpc.solana.ws]
localnet = "${wsUrl}"
[notifications]
min_channels = 0
[security]
jwt_secret = "${JWT_SECRET}"
rate_limit_global_rpm = 1000000
rate_limit_session_rpm = 1000000
rate_limit_tx_rpm = 1000000
max_sessions_per_agent = 50
${settings}
[security.auto_stop]
enabled = false
`;

/** What programs that a test starts are given of its environment: where programs are, and what was compiled for all of them. */
export function bareEnvironment(): Readonly<Record<string, string>> {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env;
  return { PATH, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) };
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Starts a ledger with fast slots and prepares a folder. */
export async function createHarness(slotMs = 20): Promise<Harness> {
  const folder = mkdtempSync(join(tmpdir(), 'waiaas-chaos-'));
  const ledger = await startLocalnet({ slotMs });
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  const running = new Set<ChildProcess>();
  let directories = 0;
  const decisions = createRemainingDecisions(folder);

  return {
    ledger,
    passwordFile,
    async createDataDir(settings = '', endpoints = [ledger.rpcUrl]) {
      const dataDir = join(folder, `data-${directories++}`);
      for (const name of ['', 'data', 'keystore', 'logs', 'backups']) mkdirSync(join(dataDir, name), { mode: 0o700 });
      const withKey = (url: string): string => `${url}/?api-key=${RPC_KEY}`;
      const text = CONFIG(endpoints.map(withKey), withKey(ledger.wsUrl), settings);
      writeFileSync(join(dataDir, 'config.toml'), text, { mode: 0o600 });
      const { config } = loadConfig({ dataDir, env: {}, flags: {} });
      await initialise(dataDir, config, PASSWORD, { logger: silent });
      decisions.add(dataDir);
      return dataDir;
    },
    copyDataDir(from) {
      const to = join(folder, `data-${directories++}`);
      cpSync(from, to, { recursive: true });
      decisions.addCopy(to, from);
      return to;
    },
    leaveOut: decisions.leaveOut,
    async start(dataDir, env = {}, aheadSeconds = 0) {
      const child = fork(PROCESS, [dataDir, passwordFile, String(aheadSeconds)], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      running.add(child);
      let text = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk) => {
          text += String(chunk);
        });
      }
      const ended = once(child, 'exit').then(([code, signal]) => {
        running.delete(child);
        return { code, signal };
      });
      const first = await Promise.race([once(child, 'message'), ended.then(() => null)]);
      if (first === null) throw new Error(`The daemon did not start:\n${text}`);
      const { port, startBoundaries } = readySchema.parse(first[0]);
      const url = `http://127.0.0.1:${port}`;
      const tell = async (message: object): Promise<unknown> => {
        // It may be killed before it answers, where what it is told leads it to the boundary at which it dies.
        const answer = Promise.race([once(child, 'message'), ended.then(() => null)]);
        child.send(message, () => undefined);
        const received = await answer;
        if (received === null) throw new Error('The daemon ended without an answer');
        return received[0];
      };
      return {
        child,
        url,
        ended,
        output: () => text,
        async operate(method, path, body, password = PASSWORD) {
          const response = await fetch(`${url}${path}`, {
            method,
            headers: {
              'x-master-password': password,
              ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          });
          return { status: response.status, body: await response.json() };
        },
        client: (sessionToken) => new WAIaaSClient({ baseUrl: url, sessionToken, retry: { maxRetries: 0 } }),
        arm: async (at) => void (await tell({ arm: at === 'never' ? null : at })),
        advance: async (seconds) => void (await tell({ advance: seconds })),
        startBoundaries,
        boundaries: async () => countSchema.parse(await tell({ count: true })).passed,
        countSignatures: async () => signaturesSchema.parse(await tell({ signatures: true })).signatures,
        countLateSignatures: async () => signaturesSchema.parse(await tell({ signatures: true })).late,
        uses: async () => usesSchema.parse(await tell({ uses: true })),
        async crash() {
          child.send({ crash: true }, () => undefined);
          return (await ended).code;
        },
        async stop() {
          child.kill('SIGTERM');
          return (await ended).code;
        },
      };
    },
    async dieStarting(dataDir, boundary, aheadSeconds) {
      const child = fork(PROCESS, [dataDir, passwordFile, String(aheadSeconds), String(boundary)], {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      running.add(child);
      child.once('message', () => child.kill('SIGKILL'));
      const [, signal] = await once(child, 'exit');
      running.delete(child);
      if (signal !== 'SIGKILL') throw new Error('The start ended by itself');
    },
    async close() {
      const ends = [...running].map((child) => once(child, 'exit'));
      for (const child of running) child.kill('SIGKILL');
      await Promise.all(ends);
      await ledger.close();
      try {
        await decisions.replay(PASSWORD);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

const agentSchema = z.object({ id: z.string(), publicKey: z.string() });
const sessionSchema = z.object({ sessionId: z.string(), token: z.string() });

/** An agent with money and a token. */
export interface Payer {
  readonly agentId: string;
  readonly address: string;
  readonly sessionId: string;
  readonly token: string;
}

/** Creates an agent with a session, and funds it. */
export async function createPayer(harness: Harness, daemon: DaemonProcess, constraints = {}): Promise<Payer> {
  const created = await daemon.operate('POST', '/v1/agents', { name: 'payer', chain: 'solana', network: 'localnet' });
  const agent = agentSchema.parse(created.body);
  harness.ledger.airdrop(address(agent.publicKey), 1_000_000_000_000n);
  const session = await createSession(daemon, agent.id, constraints);
  return { agentId: agent.id, address: agent.publicKey, ...session };
}

/** Opens a further session of an agent. */
export async function createSession(daemon: DaemonProcess, agentId: string, constraints = {}) {
  const opened = await daemon.operate('POST', '/v1/sessions', { agentId, constraints });
  if (opened.status !== 201) throw new Error(JSON.stringify(opened.body));
  return sessionSchema.parse(opened.body);
}

/** Changes the limits that hold for all agents. */
export async function setLimits(daemon: DaemonProcess, rules: Readonly<Record<string, unknown>>): Promise<void> {
  const list = await daemon.operate('GET', '/v1/owner/policies');
  const [policy] = z.object({ policies: z.array(z.object({ id: z.string() })) }).parse(list.body).policies;
  const base = { chain: 'solana', instant_max: '1000000000', notify_max: '2000000000', delay_max: '3000000000' };
  const changed = await daemon.operate('PUT', `/v1/owner/policies/${policy?.id}`, { rules: { ...base, ...rules } });
  if (changed.status !== 200) throw new Error(JSON.stringify(changed.body));
}
