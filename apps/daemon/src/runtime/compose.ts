import { randomBytes } from 'node:crypto';
import { type ApiServices, createApiServer } from '@waiaas/api-server';
import { createNonceStore, createSessionTokens, type OperatorTokens } from '@waiaas/auth';
import { type Clock, createIdGenerator, type IdGenerator } from '@waiaas/core';
import type { KeystoreParts } from '@waiaas/keystore';
import {
  createAgentManagement,
  createOwnerManagement,
  createPolicyManagement,
  createSessionManagement,
  createSettings,
  type RuntimeSettings,
  type Settings,
} from '@waiaas/management';
import { createDailySummary, createNotifications, type Notifications, type TelegramBot } from '@waiaas/notifications';
import { createPipeline, DEFAULT_PIPELINE_SETTINGS, type Pipeline, type Watchfulness } from '@waiaas/pipeline';
import {
  type AuditTrail,
  checkKeystore,
  createAutoStop,
  createAutoStopRules,
  createChangeFeed,
  createHeadTeller,
  createKillSwitch,
  createNormalMarker,
  type KillSwitch,
  type KillSwitchState,
  type NormalMarker,
} from '@waiaas/safety';
import type { Storage } from '@waiaas/storage';
import type { NoteTaker } from '../backup/command-notes.ts';
import { type Config, corsOrigins } from '../config/index.ts';
import type { DaemonLogger } from '../logging/index.ts';
import { VERSION } from '../version.ts';
import type { AdapterRegistry } from './adapter-registry.ts';
import { createAuthenticators } from './authenticators.ts';
import { createBalanceHistory } from './balance-history.ts';
import { createBalanceReader } from './balance-reader.ts';
import { loadConsole } from './console-files.ts';
import { createDashboard } from './dashboard.ts';
import { checkLocalProof } from './local-proof.ts';
import { createMetrics } from './metrics.ts';
import { createOwnerGate } from './owner-gate.ts';
import { createOwnerService } from './owner-service.ts';
import { createServices } from './services.ts';
import { createSettingsService } from './settings-service.ts';
import { createBot } from './telegram-bot.ts';
import { realTimers } from './timers.ts';
import type { TokenSecrets } from './token-secrets.ts';
import { createWorkers, type WorkerPlan, type Workers } from './workers.ts';

/** What is open before the daemon is put together. */
export interface Foundations {
  readonly config: Config;
  readonly clock: Clock;
  /** Since when the daemon has been awake. */
  readonly watch: Watchfulness;
  /** Tells of the jumps of the machine's clock. */
  readonly clockWatch: WorkerPlan;
  readonly logger: DaemonLogger;
  readonly storage: Storage;
  readonly keystore: KeystoreParts;
  readonly adapters: AdapterRegistry;
  /** The kill switch as the start has found it. */
  readonly killSwitchState: KillSwitchState;
  /** What every opening of the vault is followed by. */
  readonly afterUnlock: () => Promise<void>;
  readonly localProofPath: string;
  readonly tokenSecrets: TokenSecrets;
  readonly auditTrail: AuditTrail;
  readonly noteTaker: NoteTaker;
  /** What config.toml and the environment say now of what can be set while the daemon runs. */
  readonly configured: () => RuntimeSettings;
  readonly startedAt: number;
  /** Milliseconds between two rounds of a worker, from its usual ones. */
  readonly workerInterval: (worker: string, intervalMs: number) => number;
  /** Aborted when shutdown begins. */
  readonly shutdown: AbortSignal;
  readonly requestShutdown: (reason: string) => void;
}

/** The parts of a daemon that the lifecycle deals with. */
export interface Composition {
  readonly pipeline: Pipeline;
  readonly workers: Workers;
  readonly operatorTokens: OperatorTokens;
  readonly killSwitch: KillSwitch;
  readonly notifications: Notifications;
  readonly settings: Settings;
  readonly normalMarker: NormalMarker;
  /** Puts on record what commands have noted; one that a backup was put back engages the kill switch first. */
  readonly takeNotes: () => Promise<void>;
  /** Null where it is switched off. */
  readonly bot: TelegramBot | null;
  readonly ids: IdGenerator;
  /** Builds the HTTP server; it does not listen yet. */
  createServer(port: () => number): ReturnType<typeof createApiServer>;
}

const SECOND = 1000;
const HOUR = 3600;
const DAY = 86_400 * SECOND;

/** Puts the daemon together: the one place that knows every concrete part (00 §2). */
export async function compose(foundations: Foundations): Promise<Composition> {
  const { config, clock, logger, storage, adapters, tokenSecrets, auditTrail, workerInterval, shutdown } = foundations;
  const { keystore, permits, gate } = foundations.keystore;
  const { sealer } = keystore;
  const { security, daemon, database } = config;
  const ids = createIdGenerator(clock, randomBytes);
  const { current, previous } = tokenSecrets.secrets;
  const tokens = createSessionTokens({ secret: current, previous, clock });
  // Known once the server listens; asked at each request.
  let port = (): number => config.daemon.port;
  const domains = (): readonly string[] => [`localhost:${port()}`, `127.0.0.1:${port()}`, ...security.extra_hosts];

  const { configured } = foundations;
  const settings = createSettings({ storage, sealer, clock, logger, configured });
  const notifications = createNotifications({
    storage,
    sealer,
    secrets: keystore.secrets,
    clock,
    timers: realTimers,
    ids,
    randomBytes,
    logger,
    userAgent: `WAIaaS/${VERSION}`,
    allowedNetworks: config.notifications.allowed_networks,
    isEnabled: () => settings.current().notificationsEnabled,
    offSince: () => settings.notificationsOffSince(),
    minChannels: () => settings.current().minChannels,
    dedupTtl: config.notifications.dedup_ttl,
    logRetentionDays: config.notifications.log_retention_days,
    shutdown,
  });
  const agents = createAgentManagement({ storage, keystore, sealer, clock, ids, isSupported: adapters.isSupported });
  const policies = createPolicyManagement({ storage, sealer, clock, ids });
  const sessions = createSessionManagement({
    storage,
    tokens,
    sealer,
    clock,
    ids,
    defaultTtl: security.session_ttl,
    maxSessionsPerAgent: security.max_sessions_per_agent,
    defaultMaxRenewals: security.default_max_renewals,
    absoluteLifetime: security.session_absolute_lifetime,
  });
  const owner = createOwnerManagement({ storage, sealer, clock, ids });
  const pipeline = createPipeline({
    storage,
    signer: keystore,
    archive: keystore,
    permits,
    gate,
    sealer,
    adapters,
    owner: notifications,
    clock,
    watch: foundations.watch,
    timers: realTimers,
    ids,
    logger,
    settings: {
      ...DEFAULT_PIPELINE_SETTINGS,
      maxPendingTransactions: security.max_pending_tx,
      defaultMaxRenewals: security.default_max_renewals,
      // Asked at each decision.
      get minChannels() {
        return settings.current().minChannels;
      },
      maxAccountRentDaily: BigInt(security.max_account_rent_daily),
      replacement: { afterSeconds: config.fees.replace_after, most: config.fees.max_replacements },
      delaySeconds: security.policy_defaults.delay_seconds,
      approvalTimeoutSeconds: security.policy_defaults.approval_timeout,
    },
  });

  const balanceHistory = createBalanceHistory({
    ...{ clock, storage, logger, shutdown },
    assets: (id) => pipeline.assets(id),
  });
  const summary = createDailySummary({ storage, clock });
  // Not before what the last run left behind is taken up: a payment of a backup that was put back has to be known as one.
  const isNormal = (): boolean => gate.isOpen && !leftByLastRun;
  const normalMarker = createNormalMarker({ storage, sealer, clock, isNormal });
  const headTeller = createHeadTeller({ storage, clock, interval: security.audit.tell_interval * HOUR });
  /**
   * So that no start, which may look no further back than to where nothing was stopped, misses it: while the gate is open, it
   * never goes on record that a backup was put back (08 §2.7.4). A recovery that is under way has its own word on it.
   */
  const stopForRestore = async (): Promise<boolean> => {
    if (killSwitch.status() === 'NORMAL') await killSwitch.activate('a backup was put back', { by: 'system' });
    return killSwitch.status() === 'ACTIVATED';
  };
  const takeNotes = (): Promise<void> => foundations.noteTaker.take(stopForRestore);
  const integrityPlan: WorkerPlan = {
    name: 'keystoreIntegrity',
    intervalMs: security.integrity_check_interval * SECOND,
    run: () => checkKeystore({ vault: keystore, killSwitch, logger }),
  };
  const plans: readonly WorkerPlan[] = [
    {
      name: 'autoStop',
      intervalMs: SECOND,
      run: () => (settings.current().autoStopEnabled ? autoStop.look() : autoStop.passOver()),
    },
    ...(security.integrity_check_interval > 0 ? [integrityPlan] : []),
    ...(security.audit.tell_interval > 0
      ? [{ name: 'auditHead', intervalMs: 60 * SECOND, run: () => headTeller.run() }]
      : []),
    ...(config.notifications.daily_summary
      ? [{ name: 'dailySummary', intervalMs: 60 * SECOND, run: () => summary.run() }]
      : []),
    foundations.clockWatch,
    { name: 'delayQueue', intervalMs: 10 * SECOND, run: () => pipeline.runDelayed() },
    { name: 'approvalTimeout', intervalMs: 30 * SECOND, run: () => pipeline.expireApprovals() },
    { name: 'strandedRows', intervalMs: 300 * SECOND, run: () => pipeline.sweep() },
    { name: 'lateLandings', intervalMs: 60 * SECOND, run: () => pipeline.checkLateLandings() },
    { name: 'sessionWarnings', intervalMs: 60 * SECOND, run: () => sessions.warnOfEnds() },
    { name: 'terminations', intervalMs: 60 * SECOND, run: () => pipeline.terminations.run() },
    { name: 'lateDeposits', intervalMs: 600 * SECOND, run: () => pipeline.terminations.watch() },
    { name: 'sessionCleanup', intervalMs: 60 * SECOND, run: async () => void (await sessions.cleanUp()) },
    { name: 'auditTrail', intervalMs: security.audit.anchor_interval * SECOND, run: () => auditTrail.watch() },
    { name: 'normalMark', intervalMs: 60 * SECOND, run: () => normalMarker.keep() },
    { name: 'commandNotes', intervalMs: 60 * SECOND, run: takeNotes },
    { name: 'headRenewal', intervalMs: HOUR * SECOND, run: () => pipeline.renewHeads() },
    {
      name: 'balanceHistory',
      intervalMs: 60 * SECOND,
      run: async () => (killSwitch.status() === 'NORMAL' ? balanceHistory.sample() : undefined),
    },
    { name: 'adapterCheck', intervalMs: 15 * SECOND, run: () => adapters.check() },
    {
      name: 'channelCheck',
      intervalMs: config.notifications.health_check_interval * SECOND,
      run: () => notifications.upkeep.checkChannels(),
    },
    {
      name: 'notificationLog',
      intervalMs: DAY,
      // A daemon that is started anew every day has to come to it as well.
      firstAfterMs: 60 * SECOND,
      run: async () => void (await notifications.upkeep.trimLog()),
    },
    {
      name: 'walCheckpoint',
      intervalMs: database.wal_checkpoint_interval * SECOND,
      run: async () => {
        if (!storage.checkpoint()) logger.debug({}, 'The checkpoint found a reader in its way; the next one continues');
      },
    },
  ];
  const workers = createWorkers(
    plans.map(({ firstAfterMs, ...plan }) => ({
      ...plan,
      intervalMs: workerInterval(plan.name, plan.intervalMs),
      ...(firstAfterMs === undefined ? {} : { firstAfterMs: workerInterval(plan.name, firstAfterMs) }),
    })),
    { clock, logger },
  );

  const nonces = createNonceStore({
    clock,
    randomBytes,
    capacity: security.nonce_cache_max,
    ttlSeconds: security.nonce_cache_ttl,
  });
  const ownerGate = createOwnerGate({ nonces, clock, logger, storage, owner, sessions, pipeline, domains });
  const { authenticators, operatorTokens, masterPassword } = createAuthenticators({
    clock,
    config,
    storage,
    keystore,
    tokens,
    sessions,
    owner: ownerGate.authenticator,
  });
  let leftByLastRun = foundations.killSwitchState.status !== 'NORMAL';
  const takeUpPayments = async (): Promise<void> => {
    // A start with the vault locked could not take up what the last run left behind.
    if (leftByLastRun) await pipeline.recover();
    else await pipeline.sweep();
    leftByLastRun = false;
  };
  const killSwitch = createKillSwitch({
    storage,
    sealer,
    vault: keystore,
    gate,
    clock,
    timers: realTimers,
    logger,
    endOperatorTokens: () => void operatorTokens.revokeAll(),
    async afterUnlock() {
      await foundations.afterUnlock();
      await settings.load();
      logger.setLevel(settings.current().logLevel);
      await notifications.book.reload();
    },
    takeUpPayments,
    initial: foundations.killSwitchState,
  });
  const bot = await createBot({
    config,
    storage,
    clock,
    logger,
    sessions,
    adapters,
    pipeline,
    killSwitch,
    notifications,
    startedAt: foundations.startedAt,
  });
  const autoStop = createAutoStop({
    storage,
    sealer,
    clock,
    logger,
    killSwitch,
    dailyUse: (agentId) => pipeline.dailyUse(agentId),
  });
  const autoStopRules = createAutoStopRules({ storage, sealer, clock, ids });
  const metrics = createMetrics({
    clock,
    storage,
    keystore,
    adapters,
    pipeline,
    workers,
    auditTrail,
    killSwitchStatus: () => killSwitch.status(),
    reachableChannels: () => notifications.reachableChannels(),
  });
  const services: ApiServices = createServices({
    clock,
    storage,
    keystore,
    adapters,
    agents,
    sessions,
    policies,
    channels: notifications.channels,
    bot,
    pipeline,
    balanceHistory,
    nonces,
    owner: createOwnerService({
      ...{ clock, storage, owner, pipeline, nonces, gate: ownerGate, killSwitch, domains },
      dashboard: createDashboard({
        clock,
        storage,
        sealer,
        adapters,
        balances: createBalanceReader({ clock, timers: realTimers, logger }),
        systemState: () => killSwitch.status(),
      }),
    }),
    operatorTokens,
    masterPassword,
    auditTrail,
    changes: createChangeFeed({ storage, timers: realTimers }),
    logger,
    rotateSecret: (commit) => tokenSecrets.rotate(commit, (secrets) => tokens.useSecrets(secrets)),
    killSwitch,
    metrics,
    settings: createSettingsService({
      config,
      settings,
      port: () => port(),
      channels: notifications.channels,
      autoStopRules,
      logger,
    }),
    autoStopRules,
    isLocalCommand: (proof) => checkLocalProof(foundations.localProofPath, proof),
    workers,
    startedAt: foundations.startedAt,
    requestShutdown: () => foundations.requestShutdown('requested over the API'),
  });

  return {
    pipeline,
    workers,
    operatorTokens,
    killSwitch,
    notifications,
    settings,
    normalMarker,
    takeNotes,
    bot,
    ids,
    createServer(boundPort) {
      port = boundPort;
      const console = loadConsole();
      if (console === null) logger.warn({}, 'The console was not built into this daemon; there is no /console');
      return createApiServer({
        services,
        authenticators,
        killSwitch,
        clock,
        logger,
        observe: metrics.observe,
        randomBytes,
        version: VERSION,
        port,
        corsOrigins: corsOrigins(config, port()),
        extraHosts: security.extra_hosts,
        limits: {
          globalRpm: security.rate_limit_global_rpm,
          sessionRpm: security.rate_limit_session_rpm,
          transactionRpm: security.rate_limit_tx_rpm,
        },
        debug: daemon.log_level === 'debug' || daemon.log_level === 'trace',
        ...(console === null ? {} : { console }),
        shutdown,
      });
    },
  };
}
