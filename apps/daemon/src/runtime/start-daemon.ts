import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { createIdGenerator, createSteadyClock, systemClock, unixSeconds } from '@waiaas/core';
import { createKeystore, KeystoreError, type KeystoreParts } from '@waiaas/keystore';
import type { RuntimeSettings } from '@waiaas/management';
import { sealEarlierEvents } from '@waiaas/notifications';
import { sealEarlierAgents, sealEarlierLedger, sealEarlierTransactions } from '@waiaas/pipeline';
import {
  confirmNormal,
  createAuditTrail,
  lastAnchor,
  loadKillSwitch,
  sealEarlierAutoStop,
  seedAutoStopRules,
  stopAfterRestore,
} from '@waiaas/safety';
import {
  AUTO_STOP_SCHEMA,
  adoptSessions,
  appendAudit,
  checkSpendLedger,
  ForeignSchema,
  hasAuditEvent,
  isAuditHeadAuthentic,
  listAgents,
  MigrationError,
  openStorage,
  rebuildEvidence,
  reportBrokenLedger,
  SESSION_SETS_SCHEMA,
  type Storage,
  sealNoOwner,
} from '@waiaas/storage';
import { createNoteTaker, NotesUnreadable } from '../backup/command-notes.ts';
import { recordRestoredCopy } from '../backup/restored-copy.ts';
import { parseLogSize } from '../config/index.ts';
import {
  type CrashEvent,
  type RunningDaemon,
  type StartDaemonOptions,
  StartFailure,
  type StopReason,
} from '../daemon-options.ts';
import { anchorFilePath, databasePath, dataPaths } from '../data-dir/index.ts';
import type { ExitCode } from '../exit-codes.ts';
import { VERSION } from '../version.ts';
import { createAdapterRegistry } from './adapter-registry.ts';
import { createAnchorFile } from './anchor-file.ts';
import { checkClock, clockWatch } from './clock-check.ts';
import { type Composition, compose } from './compose.ts';
import { argon2Of, databaseSettings } from './initialise.ts';
import { openTokenSecrets } from './token-secrets.ts';

/** Undoes what a start has done so far, last first. */
type Undo = () => Promise<unknown> | unknown;

/** Schema that first had owners under seal. */
const OWNER_SCHEMA = 2;
/** The schema that gave the audit log its chain and its seal. */
const AUDIT_CHAIN_SCHEMA = 6;

/** Kept back from the shutdown's time for the steps after the drain (01 §4.2). */
const RESERVE_MS = 5000;
/** How long the last notifications may take to get out. */
const LAST_WORDS_MS = 2000;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What of the configuration can be set while the daemon runs. */
const configuredNow = ({ notifications, security, daemon }: StartDaemonOptions['config']): RuntimeSettings => ({
  notificationsEnabled: notifications.enabled,
  minChannels: notifications.min_channels,
  autoStopEnabled: security.auto_stop.enabled,
  logLevel: daemon.log_level,
});

/** Turns whatever stopped a start into what the command reports (01 §5). */
function startFailure(error: unknown): StartFailure {
  if (error instanceof StartFailure) return error;
  if (error instanceof KeystoreError) {
    switch (error.code) {
      case 'WRONG_PASSWORD':
        return new StartFailure('The master password is wrong.', {
          exitCode: 4,
          code: 'INVALID_MASTER_PASSWORD',
          cause: error,
        });
      case 'NOT_INITIALISED':
        return new StartFailure('The data directory has no vault.', {
          exitCode: 3,
          code: 'NOT_INITIALISED',
          hint: 'Run "waiaas init" first.',
          cause: error,
        });
      default:
        return new StartFailure(error.message, { exitCode: 1, code: `KEYSTORE_${error.code}`, cause: error });
    }
  }
  if (error instanceof ForeignSchema) {
    return new StartFailure(error.message, {
      exitCode: 1,
      code: 'SCHEMA_CHANGED',
      hint: 'Somebody can write the database file. Find out who; then put a backup in its place with "waiaas backup restore".',
      cause: error,
    });
  }
  if (error instanceof NotesUnreadable) {
    return new StartFailure(`${error.message}. Whether a backup was put back is not known.`, {
      exitCode: 1,
      code: 'NOTES_UNREADABLE',
      hint: 'A command of another user, such as root, may have made it: give it to the user that the daemon runs as (chown -R).',
      cause: error,
    });
  }
  const code = error instanceof MigrationError ? 'MIGRATION_FAILED' : 'START_FAILED';
  return new StartFailure(reasonOf(error), { exitCode: 1, code, cause: error });
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
    if (row === undefined) {
      warn(`Key file of agent ${file.agentId} has no agent; it is left as it is.`);
    } else if (row.public_key !== file.publicKey || row.chain !== file.chain || row.network !== file.network) {
      throw new StartFailure(`The key file of agent ${file.agentId} and its database row do not belong together.`, {
        exitCode: 1,
        code: 'KEY_MISMATCH',
        hint: 'Restore both from one backup.',
      });
    }
  }
  for (const row of rows.values()) {
    // The key of an agent that has ended, or is about to, is in the archive.
    const isArchived = row.status === 'TERMINATED' || row.status === 'TERMINATING';
    if (!loaded.has(row.id) && !isArchived)
      warn(`Agent ${row.name} (${row.id}) has no key file; its payments will fail.`);
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
      throw new StartFailure(`Port ${port} is in use.`, {
        exitCode: 1,
        code: 'PORT_IN_USE',
        hint: 'Stop what uses it, or choose another one with --port.',
        cause: error,
      });
    }
    throw error;
  }
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/**
 * Starts a daemon in a data directory that is locked for this process: database, kill switch, keystore, recovery,
 * adapters, HTTP, workers (01 §4.1). A start that fails undoes what it did.
 *
 * @throws StartFailure with the exit code of the command
 */
export async function startDaemon(options: StartDaemonOptions): Promise<RunningDaemon> {
  const undo: Undo[] = [];
  try {
    return await start(options, undo);
  } catch (error) {
    for (const step of undo.reverse()) {
      try {
        await step();
      } catch (failure) {
        options.logger.error({ error: reasonOf(failure) }, 'A step of an unsuccessful start could not be undone');
      }
    }
    throw startFailure(error);
  }
}

async function start(options: StartDaemonOptions, undo: Undo[]): Promise<RunningDaemon> {
  const { dataDir, config, logger, onStep, wrap } = options;
  const steady = createSteadyClock({ wall: () => systemClock.now(), monotonic: () => performance.now() });
  const clock = wrap?.clock?.(steady) ?? steady;
  const startedAt = clock.now();
  let currentConfig = config;
  const paths = dataPaths(dataDir);
  const goOn = (): void => {
    if (options.signal?.aborted !== true) return;
    throw new StartFailure('The start was given up.', { exitCode: 130, code: 'START_ABORTED' });
  };

  const keystoreParts = createKeystore({ directory: paths.keystore, clock, logger, argon2: argon2Of(config) });
  const { keystore, gate } = keystoreParts;
  const opened = openStorage({
    path: databasePath(dataDir, config),
    backupFolder: paths.backups,
    clock,
    sealer: keystore.sealer,
    settings: databaseSettings(config),
  });
  undo.push(() => opened.close());
  const storage = wrap?.storage?.(opened) ?? opened;
  const audit = (entry: Parameters<typeof appendAudit>[2]): Promise<void> =>
    storage.write(({ db }) => appendAudit(db, unixSeconds(clock), entry));
  const { migration } = storage;
  const { schemaVersion, tables } = storage.facts();
  if (migration.restored.length > 0) {
    logger.warn({ restored: migration.restored }, 'Somebody had removed guards of the database; they were put back');
  }
  if (migration.backup !== null) logger.info({ ...migration }, 'The database was brought up to date');
  onStep(`Database ready (schema ${schemaVersion}, ${tables} tables)`);
  const accepted = await checkClock({
    clock,
    storage,
    accept: options.acceptClock === true,
    onStep,
    signal: options.signal,
  });
  if (accepted !== null) await audit(accepted);
  const anchors = createAnchorFile(anchorFilePath(dataDir, config));
  const auditTrail = createAuditTrail({ storage, sealer: keystore.sealer, anchors, clock, logger });
  const noteTaker = createNoteTaker(dataDir, { record: audit, logger });
  const tokenSecrets = openTokenSecrets({ path: paths.tokenSecrets, configured: config.security.jwt_secret, clock });
  if (tokenSecrets.overlapEnded) await audit({ event: 'PREVIOUS_SECRET_EXPIRED', actor: 'system' });
  goOn();

  const isLogNew = migration.from > 0 && migration.from < AUDIT_CHAIN_SCHEMA;
  let killSwitchState = await loadKillSwitch(storage, clock, logger, isLogNew);
  const lockKeys = (): boolean => {
    gate.close();
    if (!keystore.isUnlocked) return false;
    keystore.lock();
    return true;
  };
  let broughtUpToDate = false;
  const afterUnlock = async (): Promise<void> => {
    // Before anything else is written: what no seal has covered so far must not be covered without a word.
    await auditTrail.adopt();
    await compareKeys(storage, keystore, (text) => logger.warn({}, text));
    await audit({ event: 'KEYSTORE_UNLOCKED', actor: 'system', details: { keys: keystore.keyCount } });
    const from = broughtUpToDate ? Number.POSITIVE_INFINITY : migration.from;
    // Only a database that has just got its place for an owner may be told that there is none.
    if (from > 0 && from < OWNER_SCHEMA) await storage.write(({ db }) => sealNoOwner(db, keystore.sealer));
    // Nor rules of another one be put in the place of those that were taken away.
    if (from > 0 && from < AUTO_STOP_SCHEMA) {
      const ids = createIdGenerator(clock, randomBytes);
      const { consecutive_failures_threshold } = config.security.auto_stop;
      await seedAutoStopRules({ storage, sealer: keystore.sealer, clock, ids }, consecutive_failures_threshold);
    }
    // Nor may sessions of another one be sealed as they are found.
    if (from > 0 && from < SESSION_SETS_SCHEMA) await storage.write(({ db }) => adoptSessions(db, keystore.sealer));
    broughtUpToDate = true;
    await sealWhatWasNot();
    // Here and not later, and not tried again: a backup that was put back has to be known of before anything is signed.
    await noteTaker.take();
    await recordRestoredCopy(storage, clock);
  };
  if (killSwitchState.status === 'NORMAL') {
    onStep('Unlocking the keystore');
    undo.push(lockKeys);
    await keystore.unlock(await options.password());
    const { sealer } = keystore;
    const isEnough = (text: string): boolean => lastAnchor(text, (head) => isAuditHeadAuthentic(sealer, head)) !== null;
    const newest = { name: anchors.name, read: () => anchors.readEnd(isEnough) };
    killSwitchState = await confirmNormal({ storage, sealer, anchors: newest, clock, logger, isLogNew });
  }
  if (killSwitchState.status === 'NORMAL') {
    await afterUnlock();
    killSwitchState = await stopAfterRestore({ storage, sealer: keystore.sealer, clock, logger });
  }
  if (killSwitchState.status === 'NORMAL') {
    gate.open();
    onStep(`Keystore unlocked (${keystore.keyCount} keys)`);
  } else {
    logger.warn(
      { killSwitch: killSwitchState.status, reason: killSwitchState.reason },
      'The kill switch is engaged: keys stay locked and nothing is paid until "waiaas recover", or POST /v1/owner/recover',
    );
    const why = killSwitchState.reason === null ? '' : ` (${killSwitchState.reason})`;
    onStep(`Kill switch ${killSwitchState.status}${why}: keys stay locked until "waiaas recover"`);
  }
  goOn();

  const shutdown = new AbortController();
  const ending = Promise.withResolvers<ExitCode>();
  let stopping = false;
  const adapters = createAdapterRegistry({ config, clock, logger, storage, wrap: wrap?.adapter });
  undo.push(() => adapters.disconnect());
  const parts = await compose({
    config,
    clock,
    watch: steady,
    clockWatch: clockWatch(steady, audit, logger),
    logger,
    storage,
    keystore: keystoreParts,
    adapters,
    killSwitchState,
    afterUnlock,
    localProofPath: paths.localProof,
    tokenSecrets,
    auditTrail,
    noteTaker,
    configured: () => configuredNow(currentConfig),
    startedAt,
    workerInterval: wrap?.workerInterval ?? ((_worker, intervalMs) => intervalMs),
    shutdown: shutdown.signal,
    requestShutdown: () => void stop('ADMIN'),
  });
  undo.push(() => parts.pipeline.stop(0));
  const { notifications } = parts;
  if (keystore.isUnlocked) {
    await parts.settings.load();
    logger.setLevel(parts.settings.current().logLevel);
    await notifications.book.reload();
  }
  // Opened and not believed: what the owner must be told of that gets out over the channels that have just been read.
  if (killSwitchState.status !== 'NORMAL' && keystore.isUnlocked) {
    await audit({ event: 'KEYSTORE_LOCKED', actor: 'system' });
    lockKeys();
  }
  undo.push(() => notifications.dispatcher.stop(0));
  notifications.dispatcher.start();

  const networks = new Map(
    (await listAgents(storage.read)).map(({ chain, network }) => [`${chain}:${network}`, { chain, network }]),
  );
  for (const { chain, network, healthy, latencyMs } of await adapters.connect([...networks.values()])) {
    if (healthy) onStep(`Connected to ${chain} ${network} (${latencyMs} ms)`);
    else onStep(`Cannot reach ${chain} ${network}: its payments are refused until it answers`);
  }

  // Where the vault stayed shut: as soon as it can be. The recovery does it again, and fails where it cannot be done.
  if (killSwitchState.status !== 'NORMAL') await takeNotes();
  // Before anything is served: no new payment may meet what the last run left behind (04 §20). With the vault locked
  // nothing of it can be told from what somebody else has written; the recovery sees to it.
  const takenUp = { cancelled: 0, failed: 0, expired: 0, followed: 0 };
  if (killSwitchState.status === 'NORMAL') {
    const { cancelled, failed, expired, followed } = await parts.pipeline.recover();
    Object.assign(takenUp, { cancelled, failed, expired, followed: followed.length });
    const leftOver = cancelled + failed + expired + followed.length;
    if (leftOver > 0) onStep(`Took up ${leftOver} transactions of the last run`);
  }
  goOn();

  let port = options.port ?? config.daemon.port;
  const server = await parts.createServer(() => port);
  undo.push(() => server.close());
  port = await listen(server, config.daemon.hostname, port);
  onStep(`Listening on ${config.daemon.hostname}:${port}`);
  if (config.daemon.hostname === '0.0.0.0') {
    logger.warn({}, 'Listening on all addresses: publish the port on 127.0.0.1 of the host only');
  }
  parts.workers.start();
  undo.push(() => parts.workers.stop());
  parts.bot?.start();
  undo.push(async () => parts.bot?.stop());

  const { pid } = process;
  await storage.write(async ({ db, notify }) => {
    await appendAudit(db, unixSeconds(clock), {
      event: 'DAEMON_STARTED',
      actor: 'system',
      details: {
        version: VERSION,
        port,
        pid,
        keysLoaded: keystore.keyCount,
        autoStop: parts.settings.current().autoStopEnabled,
      },
    });
    await notify({ event: 'DAEMON_STARTED', version: VERSION, ...takenUp });
  });
  const { notificationsEnabled: enabled, minChannels } = parts.settings.current();
  if (notifications.reachableChannels() < minChannels) {
    logger.warn(
      { enabled, reachable: notifications.reachableChannels(), minChannels },
      'Too few notification channels reach the owner: payments of tier NOTIFY and DELAY wait for an approval',
    );
  }

  await watchAudit();
  await parts.normalMarker.keep();
  const proof = proveLedger();

  /** Recomputes what was spent, beside the first requests: what was changed in the past shows (00 §3). */
  async function proveLedger(): Promise<void> {
    if (!keystore.isUnlocked) return;
    try {
      const pause = (): Promise<void> => nextTurn(undefined, { signal: shutdown.signal });
      const faults = await checkSpendLedger(storage.read, keystore.sealer, pause);
      if (faults.length > 0) logger.error({ faults: faults.slice(0, 10) }, 'The ledger of what was spent is not whole');
      const ledgers = new Map(faults.map((fault) => [`${fault.agentId} ${fault.asset}`, fault]));
      for (const { agentId, asset } of ledgers.values()) {
        await storage.write(({ db }) => reportBrokenLedger(db, agentId, asset, unixSeconds(clock)));
      }
    } catch (error) {
      if (!shutdown.signal.aborted) logger.error({ error: reasonOf(error) }, 'The ledger could not be checked');
    }
  }

  /**
   * Seals, once, what earlier versions did not. Only where the audit log and its heads outside the database agree with each
   * other: a log that does not say that it was done may have said so before somebody cut it.
   */
  async function sealWhatWasNot(): Promise<void> {
    const done = ['ROWS_SEALED', 'LEDGER_SEALED', 'AGENTS_SEALED', 'AUTO_STOP_SEALED', 'EVENTS_SEALED'] as const;
    const missing = await Promise.all(done.map(async (event) => !(await hasAuditEvent(storage.read, [event]))));
    if (!missing.includes(true)) return;
    // What is asked from here on is asked by indexes, and one of them may have been made to keep silent.
    await storage.write(({ db }) => rebuildEvidence(db));
    const told = new Set<string>();
    const { intact } = await auditTrail.verify(({ event_type }) => told.add(event_type));
    if (intact && done.every((event) => told.has(event))) {
      logger.error({}, 'An index of the audit log kept silent about what the log tells: somebody has changed it');
      const details = { what: 'audit_index' };
      await audit({ event: 'SEAL_BROKEN', actor: 'system', details });
      return;
    }
    if (!intact) {
      logger.error(
        {},
        'The database is of an earlier version and its audit log is not whole: its payments and limits are not believed, and nothing is paid; see "waiaas audit verify"',
      );
      return;
    }
    const parts = { storage, sealer: keystore.sealer, clock, logger };
    if (!told.has('ROWS_SEALED')) await sealEarlierTransactions(parts);
    if (!told.has('LEDGER_SEALED')) await sealEarlierLedger(parts);
    if (!told.has('AGENTS_SEALED')) await sealEarlierAgents(parts);
    if (!told.has('AUTO_STOP_SEALED')) await sealEarlierAutoStop(parts);
    if (!told.has('EVENTS_SEALED')) await sealEarlierEvents(parts);
  }

  /** What cannot be kept outside now is tried again every minute; the log of the daemon says so. */
  async function watchAudit(): Promise<void> {
    try {
      await auditTrail.watch();
    } catch (error) {
      logger.error({ error: reasonOf(error) }, 'The end of the audit log could not be kept outside the database');
    }
  }

  /** What commands did while there was no daemon is put on record; where that fails, a worker tries again. */
  async function takeNotes(): Promise<void> {
    try {
      await parts.takeNotes();
    } catch (error) {
      logger.error({ error: reasonOf(error) }, 'What commands have noted could not be put on record');
    }
  }

  /** Steps 2 to 9 of 01 §4.2; one that fails does not keep the others from being taken. */
  async function shutDown(reason: StopReason): Promise<ExitCode> {
    const deadline = currentConfig.daemon.shutdown_timeout * 1000;
    const patience = Math.max(1000, deadline - RESERVE_MS);
    const force = setTimeout(() => void forceEnd(), deadline);
    const attempt = async (name: string, step: Undo): Promise<void> => {
      try {
        await step();
      } catch (error) {
        logger.error({ step: name, error: reasonOf(error) }, 'A step of the shutdown failed');
      }
    };
    logger.info({ reason }, 'Stopping');
    shutdown.abort();
    await proof;
    await attempt('audit', () => audit({ event: 'DAEMON_SHUTDOWN_INITIATED', actor: 'system', details: { reason } }));
    const closed = server.close();
    // Requests under way get their answer, and what was signed gets sent, as far as the time allows.
    await attempt('http', () => Promise.race([closed, wait(patience, undefined, { ref: false })]));
    server.server.closeAllConnections();
    await attempt('pipeline', () => parts.pipeline.stop(patience));
    await attempt('workers', () => parts.workers.stop());
    await attempt('bot', async () => parts.bot?.stop());
    await attempt('adapters', () => adapters.disconnect());
    parts.operatorTokens.revokeAll();
    const uptime = Math.floor((clock.now() - startedAt) / 1000);
    // While it still holds that nothing is stopped: the next start reads the audit log from here.
    if (gate.isOpen) await attempt('heads', () => parts.pipeline.renewHeads());
    await attempt('audit', () => parts.normalMarker.keep());
    await takeNotes();
    // Written before the keys go, so that the seal of the audit log covers its last rows; nothing is signed any more.
    gate.close();
    if (keystore.isUnlocked) await attempt('audit', () => audit({ event: 'KEYSTORE_LOCKED', actor: 'system' }));
    await attempt('audit', () =>
      storage.write(async ({ db, notify }) => {
        await appendAudit(db, unixSeconds(clock), {
          event: 'DAEMON_STOPPED',
          actor: 'system',
          details: { pid, uptime },
        });
        await notify({ event: 'DAEMON_STOPPED', reason });
      }),
    );
    // What does not get out in time is told at the next start.
    await attempt('notifications', () => notifications.dispatcher.stop(LAST_WORDS_MS));
    await attempt('keystore', () => lockKeys());
    await attempt('audit', () => auditTrail.watch());
    await attempt('database', () => storage.close());
    clearTimeout(force);
    logger.info({ uptime }, 'Stopped');
    return 0;
  }

  /** The time is over: the keys are wiped whatever else hangs. */
  async function forceEnd(): Promise<void> {
    lockKeys();
    logger.error({}, 'Stopping took too long; the keys are wiped and the process ends');
    await recordLast('DAEMON_FORCED_SHUTDOWN', {});
    ending.resolve(1);
  }

  async function recordLast(
    event: CrashEvent | 'DAEMON_FORCED_SHUTDOWN',
    details: Record<string, unknown>,
  ): Promise<void> {
    try {
      await storage.write(async ({ db, notify }) => {
        await appendAudit(db, unixSeconds(clock), { event, actor: 'system', details });
        // Told at the next start, if not before the process ends.
        await notify({ event: 'DAEMON_CRASHED', kind: event });
      });
    } catch (error) {
      logger.error({ event, error: reasonOf(error) }, 'The end of the daemon could not be recorded');
    }
  }

  function stop(reason: StopReason): Promise<ExitCode> {
    if (!stopping) {
      stopping = true;
      shutDown(reason).then(ending.resolve, () => ending.resolve(1));
    }
    return ending.promise;
  }

  return {
    pid,
    port,
    stop,
    finished: ending.promise,
    reload(next) {
      currentConfig = next;
      logger.setLevel(parts.settings.current().logLevel);
      const maxBytes = parseLogSize(next.daemon.log_max_size);
      if (maxBytes !== null) logger.setRotation({ maxBytes, maxFiles: next.daemon.log_max_files });
    },
    describe: () => ({
      uptime: Math.floor((clock.now() - startedAt) / 1000),
      rssBytes: process.memoryUsage.rss(),
      killSwitch: parts.killSwitch.status(),
      keysLoaded: keystore.keyCount,
      adapters: adapters.status(),
      workers: parts.workers.states(),
      payments: parts.pipeline.underWay,
    }),
    crash(event, error) {
      lockKeys();
      return recordLast(event, { error: reasonOf(error) });
    },
  };
}
