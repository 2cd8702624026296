import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type IChainAdapter, isReplacer } from '@waiaas/core';
import { createLogger, loadConfig, startDaemon } from '@waiaas/daemon';
import { type Db, type Storage, shareHeads } from '@waiaas/storage';
import argon2 from 'argon2';
import type { KyselyPlugin } from 'kysely';
import { z } from 'zod';

/*
 * The real daemon as a process of its own that can be told to kill itself at the n-th boundary: before or after any unit of
 * work and any call to the chain. daemon-process <data dir> <password file> [seconds its clock is ahead] [boundary of the
 * start to die at]; talks over IPC.
 */

const [dataDir = '', passwordFile = '', ahead = '0', killAtStart = 'never'] = process.argv.slice(2);
const { config } = loadConfig({ dataDir, env: process.env, flags: {} });
let armed = true;
/** Names of the boundaries that were passed, in order. */
let passed: string[] = [];
let killAt = killAtStart === 'never' ? Number.POSITIVE_INFINITY : Number(killAtStart);
/** Signatures made so far, and how many there were when the kill switch had answered for the last time. */
let signatures = 0;
let signaturesAtStop = 0;
const answerSchema = z.object({ request: z.object({ url: z.string() }), response: z.object({ statusCode: z.int() }) });
// Counted here, as the last byte of the answer leaves: no signature can hide behind the way to whoever asks.
subscribe('http.server.response.finish', (message) => {
  const answer = answerSchema.safeParse(message);
  if (!answer.success || answer.data.response.statusCode !== 200) return;
  if (answer.data.request.url.endsWith('/kill-switch')) signaturesAtStop = signatures;
});
/** How much the daemon's clock is ahead of the machine's, ms. */
let aheadMs = Number(ahead) * 1000;

/** Names that are still to be passed, in this order, before it kills itself at the last of them; null when it is not to. */
let killAfter: string[] | null = null;

function boundary(name: string): void {
  if (!armed) return;
  passed.push(name);
  if (killAfter?.[0] === name) killAfter.shift();
  if (passed.length === killAt || killAfter?.length === 0) process.kill(process.pid, 'SIGKILL');
}

/** Statements of reading and units of work that the database was given. */
let databaseUses = 0;
const countStatements: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  // Also of a statement that is written out, which never was a node.
  async transformResult({ result }) {
    databaseUses += 1;
    return result;
  },
};
const counted = (read: Db): Db => shareHeads(read, read.withPlugin(countStatements));

/** Runs of Argon2, by whomever: the keystore calls this very function. */
let argon2Runs = 0;
const { hash } = argon2;
Object.assign(argon2, {
  hash: (...args: Parameters<typeof hash>) => {
    argon2Runs += 1;
    return hash(...args);
  },
});

/** Workers that a test wants out of its way; `all` of them where nothing but requests may touch the database. */
const idle = new Set((process.env.CHAOS_IDLE_WORKERS ?? '').split(','));
const A_DAY_MS = 86_400_000;
/** How soon it is noticed that a chain has come back, for a test that waits for it. */
const adapterCheckMs = (usual: number): number => Number(process.env.CHAOS_ADAPTER_CHECK_MS ?? usual);
/** How soon balances are first read, for a test that looks at them. */
const balanceHistoryMs = (usual: number): number => Number(process.env.CHAOS_BALANCE_HISTORY_MS ?? usual);

/** How soon it is noticed that a command has left a note, for a test that waits for it. */
const commandNotesMs = (usual: number): number => Number(process.env.CHAOS_COMMAND_NOTES_MS ?? usual);

/** How soon transactions are looked up again whose time for it has come, for a test that waits for it. */
const lateCheckMs = (usual: number): number => Number(process.env.CHAOS_LATE_CHECK_MS ?? usual);

/** How soon it is noticed that the time for an approval is over, for a test that waits for it. */
const approvalTimeoutMs = (usual: number): number => Number(process.env.CHAOS_APPROVAL_TIMEOUT_MS ?? usual);

const guarded =
  <Args extends unknown[], Result>(name: string, call: (...args: Args) => Promise<Result>) =>
  async (...args: Args): Promise<Result> => {
    boundary(`before ${name}`);
    const result = await call(...args);
    boundary(`after ${name}`);
    return result;
  };

const daemon = await startDaemon({
  dataDir,
  config,
  port: 0,
  password: async () => readFileSync(passwordFile, 'utf8').trim(),
  logger: createLogger({
    file: join(dataDir, 'logs', 'daemon.log'),
    level: config.daemon.log_level,
    rotation: { maxBytes: 10_000_000, maxFiles: 2 },
    secrets: [],
  }),
  onStep: () => undefined,
  wrap: {
    clock: (clock) => ({ now: () => clock.now() + aheadMs }),
    workerInterval(worker, intervalMs) {
      if (idle.has('all') || idle.has(worker)) return A_DAY_MS;
      // Delayed payments are looked for soon after their time has come.
      if (worker === 'delayQueue') return 50;
      if (worker === 'approvalTimeout') return approvalTimeoutMs(intervalMs);
      if (worker === 'lateLandings') return lateCheckMs(intervalMs);
      if (worker === 'commandNotes') return commandNotesMs(intervalMs);
      if (worker === 'balanceHistory') return balanceHistoryMs(intervalMs);
      return worker === 'adapterCheck' ? adapterCheckMs(intervalMs) : intervalMs;
    },
    storage: (storage: Storage): Storage => ({
      ...storage,
      read: counted(storage.read),
      write: async (unit, options) => {
        databaseUses += 1;
        boundary('before a unit of work');
        const result = await storage.write(unit, options);
        boundary('after a unit of work');
        return result;
      },
    }),
    adapter: (adapter: IChainAdapter): IChainAdapter => ({
      ...adapter,
      isConnected: () => adapter.isConnected(),
      getBalance: guarded('getBalance', (address) => adapter.getBalance(address)),
      buildTransaction: guarded('buildTransaction', (request) => adapter.buildTransaction(request)),
      simulateTransaction: guarded('simulateTransaction', (transaction) => adapter.simulateTransaction(transaction)),
      signTransaction: guarded('signTransaction', (transaction, sign) =>
        adapter.signTransaction(transaction, async (message) => {
          const signature = await sign(message);
          signatures += 1;
          return signature;
        }),
      ),
      submitTransaction: guarded('submitTransaction', (transaction, mayGoOn) =>
        adapter.submitTransaction(transaction, mayGoOn),
      ),
      getTransactionStatus: guarded('getTransactionStatus', (hash) => adapter.getTransactionStatus(hash)),
      waitForConfirmation: guarded('waitForConfirmation', (hash, options) =>
        adapter.waitForConfirmation(hash, options),
      ),
      ...(isReplacer(adapter)
        ? {
            buildReplacement: guarded('buildReplacement', adapter.buildReplacement.bind(adapter)),
            buildDisplacing: guarded('buildDisplacing', adapter.buildDisplacing.bind(adapter)),
          }
        : {}),
    }),
  },
});

process.on('message', (message: unknown) => {
  if (typeof message !== 'object' || message === null) return;
  if ('arm' in message) {
    armed = true;
    passed = [];
    killAt = typeof message.arm === 'number' ? message.arm : Number.POSITIVE_INFINITY;
    killAfter = Array.isArray(message.arm) ? message.arm.map(String) : null;
    process.send?.({ armed: true });
  }
  if ('advance' in message) {
    aheadMs += Number(message.advance) * 1000;
    process.send?.({ ahead: aheadMs / 1000 });
  }
  // As the program does with an error that nobody caught.
  if ('crash' in message) void daemon.crash('DAEMON_CRASH', new Error('made up')).then(() => process.exit(1));
  if ('count' in message) process.send?.({ passed });
  if ('signatures' in message) process.send?.({ signatures, late: signatures - signaturesAtStop });
  if ('uses' in message) process.send?.({ databaseUses, argon2Runs });
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('SIGTERM', () => void daemon.stop('SIGTERM').then((code) => process.exit(code)));
const startBoundaries = passed;
armed = false;
process.send?.({ port: daemon.port, startBoundaries });
