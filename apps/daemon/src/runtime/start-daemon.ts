import { randomBytes } from 'node:crypto';
import { createIdGenerator, createSteadyClock, systemClock, unixSeconds } from '@waiaas/core';
import { createKeystore } from '@waiaas/keystore';
import type { RuntimeSettings } from '@waiaas/management';
import {
  confirmNormal,
  createAuditTrail,
  lastAnchor,
  loadKillSwitch,
  seedAutoStopRules,
  stopAfterRestore,
} from '@waiaas/safety';
import {
  AUTO_STOP_SCHEMA,
  adoptSessions,
  appendAudit,
  earlierSchema,
  isAuditHeadAuthentic,
  listAgents,
  openStorage,
  SESSION_SETS_SCHEMA,
  sealNoOwner,
} from '@waiaas/storage';
import { createNoteTaker } from '../backup/command-notes.ts';
import { recordRestoredCopy } from '../backup/restored-copy.ts';
import { parseLogSize } from '../config/index.ts';
import { type RunningDaemon, type StartDaemonOptions, StartFailure } from '../daemon-options.ts';
import { anchorFilePath, databasePath, dataPaths } from '../data-dir/index.ts';
import { VERSION } from '../version.ts';
import { createAdapterRegistry } from './adapter-registry.ts';
import { createAnchorFile } from './anchor-file.ts';
import { checkClock, clockWatch } from './clock-check.ts';
import { compareKeys } from './compare-keys.ts';
import { compose } from './compose.ts';
import { argon2Of, databaseSettings } from './initialise.ts';
import { listen } from './listen.ts';
import { proveLedger } from './prove-ledger.ts';
import { reasonOf } from './reason-of.ts';
import { sealEarlier } from './seal-earlier.ts';
import { createShutdown } from './shutdown.ts';
import { startFailure } from './start-failure.ts';
import { openTokenSecrets } from './token-secrets.ts';

/** Undoes what a start has done so far, last first. */
type Undo = () => Promise<unknown> | unknown;

/** Schema that first had owners under seal. */
const OWNER_SCHEMA = 2;
/** The schema that gave the audit log its chain and its seal. */
const AUDIT_CHAIN_SCHEMA = 6;

/** How long a database may take to be brought up to date. */
const MIGRATION_MS = 3_600_000;

/** Says that nothing will be heard for a while, where a database of an earlier version is about to be brought up to date. */
async function tellOfMigration(
  { config, logger, onStep }: Pick<StartDaemonOptions, 'config' | 'logger' | 'onStep'>,
  path: string,
): Promise<void> {
  let earlier: number | null = null;
  try {
    earlier = earlierSchema(path, databaseSettings(config));
  } catch (error) {
    // Whether it can be opened for writing is told by doing it.
    logger.debug({ error: reasonOf(error) }, 'The database could not be read before it was opened');
  }
  if (earlier === null) return;
  onStep(
    `Bringing the database up to date from schema ${earlier}; with a long history this takes minutes`,
    undefined,
    MIGRATION_MS,
  );
  // Told before this thread is busy with it.
  await new Promise((resolve) => setImmediate(resolve));
}

/** What of the configuration can be set while the daemon runs. */
const configuredNow = ({ notifications, security, daemon }: StartDaemonOptions['config']): RuntimeSettings => ({
  notificationsEnabled: notifications.enabled,
  minChannels: notifications.min_channels,
  autoStopEnabled: security.auto_stop.enabled,
  logLevel: daemon.log_level,
});

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
  await tellOfMigration(options, databasePath(dataDir, config));
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
  if (migration.changed.length > 0) {
    const message = 'Somebody had changed the schema of the database; bringing it up to date has put it right';
    logger.warn({ changed: migration.changed }, message);
  }
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
    await sealEarlier({ storage, sealer: keystore.sealer, auditTrail, audit, clock, logger });
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
    requestShutdown: () => void end.stop('ADMIN'),
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
  let proof = Promise.resolve();
  // Before anybody can ask for it.
  const end = createShutdown({
    parts,
    server,
    adapters,
    storage,
    keystore,
    gate,
    auditTrail,
    audit,
    takeNotes,
    lockKeys,
    shutdown,
    proof: () => proof,
    timeout: () => currentConfig.daemon.shutdown_timeout,
    startedAt,
    clock,
    logger,
  });
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
  proof = proveLedger({ storage, keystore, clock, logger, signal: shutdown.signal });

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

  return {
    pid,
    port,
    ...end,
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
  };
}
