import { rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock, unixSeconds } from '@waiaas/core';
import { createKeystore, KeystoreError, type KeystoreParts } from '@waiaas/keystore';
import { appendAudit, listAgents, openStorage, type Storage } from '@waiaas/storage';
import { type ExitCode, type RunningDaemon, StartFailure, type StartOptions } from '../daemon-options.ts';
import { databasePath, dataPaths, pidFilePath, restrictUmask, verifyDataDir } from '../data-dir/index.ts';
import {
  acquireLock,
  createPidFile,
  processStamp,
  readPidFile,
  removePidFile,
  removeRunRecord,
  writeRunRecord,
} from '../instance/index.ts';
import { VERSION } from '../version.ts';
import { createAdapterRegistry } from './adapter-registry.ts';
import { type Composition, compose } from './compose.ts';
import { argon2Of, databaseSettings } from './initialise.ts';
import { readKillSwitch } from './kill-switch.ts';

/** Undoes what a start has done so far, last first. */
type Undo = () => Promise<void> | void;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function openKeystore(keystore: KeystoreParts, password: () => Promise<string>): Promise<void> {
  const given = await password();
  try {
    await keystore.keystore.unlock(given);
  } catch (error) {
    if (error instanceof KeystoreError && error.code === 'WRONG_PASSWORD') {
      throw new StartFailure(4, 'The master password is wrong.', { cause: error });
    }
    if (error instanceof KeystoreError && error.code === 'NOT_INITIALISED') {
      throw new StartFailure(3, 'The data directory has no vault. Run "waiaas init" first.', { cause: error });
    }
    throw error;
  }
}

/** Compares key files with rows and says what does not fit; nothing is changed (01 §3.8). */
async function compareKeys(
  storage: Storage,
  keystore: KeystoreParts['keystore'],
  warn: (text: string) => void,
): Promise<void> {
  const rows = new Map((await listAgents(storage.read)).map((row) => [row.id, row]));
  const loaded = new Set<string>();
  for (const file of await keystore.listKeyFiles()) {
    loaded.add(file.agentId);
    const row = rows.get(file.agentId);
    if (row === undefined) warn(`Key file of agent ${file.agentId} has no agent; it is left as it is.`);
    else if (row.public_key !== file.publicKey || row.chain !== file.chain || row.network !== file.network) {
      throw new StartFailure(1, `The key file of agent ${file.agentId} and its database row do not belong together.`);
    }
  }
  for (const row of rows.values()) {
    if (!loaded.has(row.id)) warn(`Agent ${row.name} (${row.id}) has no key file; its payments will fail.`);
  }
}

/**
 * Starts a daemon: lock, database, kill switch, keystore, recovery, adapters, HTTP, workers, PID file (01 §4.1). A start
 * that fails undoes what it did and lets go of everything.
 *
 * @throws StartFailure with the exit code of the command: 1 in general, 2 already running, 3 not initialised, 4 wrong
 *   password
 */
export async function startDaemon(options: StartOptions): Promise<RunningDaemon> {
  const { dataDir, config, logger, onStep, wrap } = options;
  const undo: Undo[] = [];
  try {
    return await start(options, undo);
  } catch (error) {
    for (const step of undo.reverse()) {
      try {
        await step();
      } catch (failure) {
        logger.error({ error: reasonOf(failure) }, 'A step of an unsuccessful start could not be undone');
      }
    }
    if (error instanceof StartFailure) throw error;
    throw new StartFailure(1, reasonOf(error), { cause: error });
  }

  async function start({ port: wantedPort = config.daemon.port }: StartOptions, undo: Undo[]): Promise<RunningDaemon> {
    const clock = systemClock;
    const startedAt = clock.now();
    const paths = dataPaths(dataDir);
    const pidFile = pidFilePath(dataDir, config);
    restrictUmask();

    // Taken before anything is opened: of two starters only one ever sees the database or a key (01 §4.4).
    const lock = acquireLock(paths.lock);
    if (lock === null) {
      const running = readPidFile(pidFile);
      const who = running.state === 'pid' ? ` (PID ${running.pid})` : '';
      throw new StartFailure(
        2,
        `A daemon is already running on this data directory${who}. Stop it with "waiaas stop".`,
      );
    }
    undo.push(() => lock.release());
    for (const warning of verifyDataDir(dataDir)) logger.warn({}, warning);
    onStep('Environment checked');

    const opened = openStorage({
      path: databasePath(dataDir, config),
      backupFolder: paths.backups,
      clock,
      settings: databaseSettings(config),
    });
    const storage = wrap?.storage?.(opened) ?? opened;
    undo.push(() => opened.close());
    const facts = storage.facts();
    onStep(`Database ready (schema ${facts.schemaVersion}, ${facts.tables} tables)`);

    const killSwitch = await readKillSwitch(storage);
    const keystoreParts = createKeystore({ directory: paths.keystore, clock, logger, argon2: argon2Of(config) });
    const { keystore, gate } = keystoreParts;
    const audit = (event: Parameters<typeof appendAudit>[2]) =>
      storage.write(({ db }) => appendAudit(db, unixSeconds(clock), event));
    if (killSwitch.status() === 'NORMAL') {
      onStep('Unlocking the keystore');
      await openKeystore(keystoreParts, options.password);
      undo.push(() => {
        gate.close();
        if (keystore.isUnlocked) keystore.lock();
      });
      await compareKeys(storage, keystore, (text) => logger.warn({}, text));
      await audit({ event: 'KEYSTORE_UNLOCKED', actor: 'system', details: { keys: keystore.keyCount } });
      gate.open();
      onStep(`Keystore unlocked (${keystore.keyCount} keys)`);
    } else {
      logger.warn(
        { killSwitch: killSwitch.status() },
        'The kill switch is engaged: keys stay locked and nothing is paid',
      );
      onStep(`Kill switch ${killSwitch.status()}: keys stay locked`);
    }

    const shutdown = new AbortController();
    let requestShutdown: (reason: string) => void = () => undefined;
    const adapters = createAdapterRegistry({ config, clock, logger, wrap: wrap?.adapter });
    undo.push(() => adapters.disconnect());
    const parts = compose({
      config,
      clock,
      logger,
      storage,
      keystore: keystoreParts,
      adapters,
      killSwitch,
      startedAt,
      shutdown: shutdown.signal,
      requestShutdown: (reason) => requestShutdown(reason),
    });
    undo.push(() => parts.pipeline.stop(0));

    const networks = new Map(
      (await listAgents(storage.read)).map(({ chain, network }) => [`${chain}:${network}`, { chain, network }]),
    );
    for (const { chain, network, healthy, latencyMs } of await adapters.connect([...networks.values()])) {
      onStep(
        healthy
          ? `${chain} ${network} connected (${latencyMs} ms)`
          : `${chain} ${network} NOT reachable; its payments are refused until it is`,
      );
    }

    // Before anything is served: no new payment may meet what the last run left behind (04 §20).
    const recovered = await parts.pipeline.recover();
    const taken = recovered.cancelled + recovered.failed + recovered.expired + recovered.followed.length;
    if (taken > 0) onStep(`Took up ${taken} transactions of the last run`);

    let port = wantedPort;
    const server = await parts.createServer(() => port);
    undo.push(() => server.close());
    port = await listen(server, config.daemon.hostname, wantedPort);
    onStep(`Listening on ${config.daemon.hostname}:${port}`);
    if (config.daemon.hostname === '0.0.0.0') {
      logger.warn({}, 'Listening on all addresses: publish the port on 127.0.0.1 of the host only');
    }

    parts.workers.start();
    undo.push(() => parts.workers.stop());

    const { pid } = process;
    writeRunRecord(paths.runRecord, { pid, port, stamp: processStamp(pid) });
    undo.push(() => removeRunRecord(paths.runRecord, pid));
    if (!createPidFile(pidFile, pid)) {
      // The lock is ours, so whatever the file names is gone.
      logger.warn({ pidFile }, 'Replaced a stale PID file');
      rmSync(pidFile, { force: true });
      createPidFile(pidFile, pid);
    }
    undo.push(() => removePidFile(pidFile, pid));
    await audit({
      event: 'DAEMON_STARTED',
      actor: 'system',
      details: { version: VERSION, port, pid, keysLoaded: keystore.keyCount },
    });

    const finished = Promise.withResolvers<ExitCode>();
    let stopping: Promise<ExitCode> | null = null;

    /** The ten steps of 01 §4.2; a step that fails does not keep the others from being taken. */
    async function shutDown(reason: string): Promise<ExitCode> {
      const deadline = config.daemon.shutdown_timeout * 1000;
      const force = setTimeout(() => void forceExit(), deadline);
      force.unref();
      const attempt = async (name: string, step: Undo): Promise<void> => {
        try {
          await step();
        } catch (error) {
          logger.error({ step: name, error: reasonOf(error) }, 'A step of the shutdown failed');
        }
      };
      logger.info({ reason }, 'Stopping');
      await attempt('audit', () => audit({ event: 'DAEMON_SHUTDOWN_INITIATED', actor: 'system', details: { reason } }));
      shutdown.abort();
      // Requests under way get their answer; what was signed gets sent. The rest of the time is for the steps below.
      const patience = Math.max(1000, deadline - 5000);
      await attempt('http', () =>
        Promise.race([server.close().then(() => undefined), wait(patience, undefined, { ref: false })]),
      );
      await attempt('pipeline', () => parts.pipeline.stop(patience));
      await attempt('workers', () => parts.workers.stop());
      await attempt('adapters', () => adapters.disconnect());
      parts.operatorTokens.revokeAll();
      gate.close();
      await attempt('keystore', async () => {
        if (!keystore.isUnlocked) return;
        keystore.lock();
        await audit({ event: 'KEYSTORE_LOCKED', actor: 'system' });
      });
      const uptime = Math.floor((clock.now() - startedAt) / 1000);
      await attempt('audit', () => audit({ event: 'DAEMON_STOPPED', actor: 'system', details: { pid, uptime } }));
      await attempt('database', () => storage.close());
      await attempt('run record', () => removeRunRecord(paths.runRecord, pid));
      await attempt('pid file', () => removePidFile(pidFile, pid));
      lock?.release();
      clearTimeout(force);
      logger.info({ uptime }, 'Stopped');
      return 0;
    }

    /** The time is over: keys are wiped whatever else hangs (01 §4.2). */
    async function forceExit(): Promise<void> {
      gate.close();
      if (keystore.isUnlocked) keystore.lock();
      logger.error({}, 'Stopping took too long; keys are wiped and the process ends');
      try {
        await audit({ event: 'DAEMON_FORCED_SHUTDOWN', actor: 'system' });
      } catch (error) {
        logger.error({ error: reasonOf(error) }, 'The forced end could not be recorded');
      }
      finished.resolve(1);
    }

    const stop = (reason: string): Promise<ExitCode> => {
      stopping ??= shutDown(reason).then((code) => {
        finished.resolve(code);
        return code;
      });
      return Promise.race([stopping, finished.promise]);
    };
    requestShutdown = (reason) => void stop(reason);
    return { pid, port, stop, finished: finished.promise };
  }
}

async function listen(
  server: Awaited<ReturnType<Composition['createServer']>>,
  host: string,
  port: number,
): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new StartFailure(1, `Port ${port} is in use. Stop what uses it, or choose another one with --port.`, {
        cause: error,
      });
    }
    throw error;
  }
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
