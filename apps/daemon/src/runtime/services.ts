import type { ApiServices, RequestContext } from '@waiaas/api-server';
import type { MasterPassword, NonceStore, OperatorTokens } from '@waiaas/auth';
import {
  type AdminStatusResponse,
  type AgentDetailResponse,
  type AgentId,
  type Clock,
  formatUnits,
  type HealthResponse,
  isChainError,
  isoTime,
  type Logger,
  type MasterPasswordChangeResponse,
  RECENT_TRANSACTIONS,
  type SecretRotationResponse,
  type SessionConstraints,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { type Keystore, KeystoreError } from '@waiaas/keystore';
import {
  type AgentManagement,
  auditOrigin,
  type PolicyManagement,
  refuseWhileLocked,
  type SessionManagement,
} from '@waiaas/management';
import type { ChannelManagement, TelegramBot } from '@waiaas/notifications';
import type { Pipeline } from '@waiaas/pipeline';
import type { AuditTrail, AutoStopRules, ChangeFeed, KillSwitch } from '@waiaas/safety';
import {
  appendAudit,
  countAgents,
  countAllLiveSessions,
  findAgent,
  rememberUntilWrite,
  type Storage,
} from '@waiaas/storage';
import { VERSION } from '../version.ts';
import type { AdapterRegistry } from './adapter-registry.ts';
import type { BalanceHistory } from './balance-history.ts';
import { originOf } from './request-origin.ts';
import type { Workers } from './workers.ts';

/** What the services are put together from. */
export interface ServiceParts {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly keystore: Keystore;
  readonly adapters: AdapterRegistry;
  readonly agents: AgentManagement;
  readonly sessions: SessionManagement;
  readonly policies: PolicyManagement;
  readonly channels: ChannelManagement;
  readonly bot: TelegramBot | null;
  readonly pipeline: Pipeline;
  readonly balanceHistory: Pick<BalanceHistory, 'read'>;
  readonly nonces: NonceStore;
  readonly owner: ApiServices['owner'];
  readonly operatorTokens: Pick<OperatorTokens, 'revokeAll'>;
  readonly masterPassword: Pick<MasterPassword, 'replaced'>;
  readonly auditTrail: AuditTrail;
  readonly autoStopRules: AutoStopRules;
  readonly metrics: ApiServices['metrics'];
  readonly settings: ApiServices['settings'];
  readonly changes: ChangeFeed;
  readonly logger: Logger;
  /** Makes a new secret for session tokens; `commit` leaves the audit row. */
  readonly rotateSecret: (commit: () => Promise<void>) => Promise<SecretRotationResponse>;
  readonly killSwitch: KillSwitch;
  /** Whether a proof is that of the command on this machine. */
  readonly isLocalCommand: (proof: string | undefined) => boolean;
  readonly workers: Workers;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly requestShutdown: () => void;
}

/** A session limited to some operations may read the wallet only if that is one of them (03 §9). */
function checkMayRead(constraints: SessionConstraints): void {
  const { allowedOperations } = constraints;
  if (allowedOperations !== undefined && !allowedOperations.includes('BALANCE_CHECK')) {
    throw new WaiaasError('CONSTRAINT_VIOLATED', { details: { code: 'SESSION_OPERATION_DENIED' } });
  }
}

/** Joins the parts of the daemon into what the API serves. */
export function createServices(parts: ServiceParts): ApiServices {
  const { clock, storage, keystore, adapters, agents, sessions, policies, pipeline, nonces, killSwitch, workers } =
    parts;
  const audit = (entry: Parameters<typeof appendAudit>[2]): Promise<void> =>
    storage.write(({ db }) => appendAudit(db, unixSeconds(clock), entry));
  const uptime = (): number => Math.max(0, Math.floor((clock.now() - parts.startedAt) / 1000));

  const findWallet = rememberUntilWrite(storage, (agentId: string) => findAgent(storage.read, agentId));
  const walletOf = async (agentId: string) => {
    const agent = await findWallet(agentId);
    if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND');
    return agent;
  };

  /** Unhealthy without keys, degraded while a chain in use cannot be reached (06 E1). */
  function health(): HealthResponse {
    const reachable = adapters.status().every((adapter) => adapter.healthy);
    const status = !keystore.isUnlocked ? 'unhealthy' : reachable ? 'healthy' : 'degraded';
    return { status, version: VERSION, uptime: uptime(), killSwitch: killSwitch.status() };
  }

  function botStatus(): AdminStatusResponse['telegramBot'] {
    const { lastPollAt = null, consecutiveErrors = 0, isPaired = false } = parts.bot?.state() ?? {};
    return {
      enabled: parts.bot !== null,
      connected: lastPollAt !== null && consecutiveErrors === 0,
      ownerRegistered: isPaired,
      lastPollAt: lastPollAt === null ? null : isoTime(lastPollAt),
      consecutiveErrors,
    };
  }

  async function status(): Promise<AdminStatusResponse> {
    const counts = new Map((await countAgents(storage.read)).map(({ status, n }) => [status, n]));
    const { path, sizeBytes, walSizeBytes, walMode } = storage.facts();
    return {
      daemon: { version: VERSION, uptime: uptime(), pid: process.pid, nodeVersion: process.version },
      killSwitch: { status: killSwitch.status(), ...killSwitch.details() },
      keystore: { unlocked: keystore.isUnlocked, keysLoaded: keystore.keyCount },
      agents: {
        active: counts.get('ACTIVE') ?? 0,
        suspended: counts.get('SUSPENDED') ?? 0,
        total: [...counts.values()].reduce((sum, n) => sum + n, 0),
      },
      sessions: { active: await countAllLiveSessions(storage.read, unixSeconds(clock)) },
      adapters: adapters.status().map(({ lastCheck, ...adapter }) => ({
        ...adapter,
        lastCheck: lastCheck === null ? null : isoTime(lastCheck),
      })),
      workers: Object.fromEntries(
        Object.entries(workers.states()).map(([name, { running, lastRun }]) => [
          name,
          { running, lastRun: lastRun === null ? null : isoTime(lastRun) },
        ]),
      ),
      telegramBot: botStatus(),
      database: { path, sizeBytes, walSizeBytes, walMode },
      memory: { rssBytes: process.memoryUsage.rss() },
    };
  }

  /** An agent with what belongs to it (06 E25). */
  async function detail(id: AgentId): Promise<AgentDetailResponse> {
    const agent = await agents.get(id);
    const [owner, { transactions }, { sessions: activeSessions }, { policies: all }] = await Promise.all([
      parts.owner.status(),
      pipeline.list(id, { limit: RECENT_TRANSACTIONS, order: 'desc' }),
      sessions.list({ agentId: id, status: 'active', limit: 100, order: 'desc' }),
      policies.list(),
    ]);
    return {
      agent: { ...agent, ownerAddress: owner.address ?? null },
      recentTransactions: transactions,
      activeSessions,
      policies: all.filter((policy) => policy.agentId === null || policy.agentId === id),
    };
  }

  /** Operator tokens end with the password they were made with: whoever knew it may be why it changes. */
  async function changePassword(
    { present, next }: { readonly present: string; readonly next: string },
    context: RequestContext,
  ): Promise<MasterPasswordChangeResponse> {
    try {
      await keystore.changePassword(present, next);
    } catch (error) {
      // Changed by another request since the guard checked it.
      if (error instanceof KeystoreError && error.code === 'WRONG_PASSWORD')
        throw new WaiaasError('INVALID_MASTER_PASSWORD');
      throw error;
    }
    parts.masterPassword.replaced();
    parts.operatorTokens.revokeAll();
    try {
      await audit({ event: 'PASSWORD_CHANGED', ...auditOrigin(originOf(context)) });
    } catch (error) {
      // The password has changed whatever the database says; whoever asked must learn that.
      parts.logger.error({ error: String(error) }, 'The change of the master password could not be recorded');
    }
    return { changed: true, timestamp: isoTime(clock.now()) };
  }

  return {
    health,
    nonces,
    agents: {
      async create(input, context) {
        const agent = await agents.create(input, originOf(context));
        // The first agent of a network is when its adapter is needed; whether it answers shows in the status.
        await adapters.connect([agent]);
        return agent;
      },
      list: () => agents.list(),
      detail,
      suspend: (id, context) => agents.suspend(id, originOf(context)),
      resume: (id, context) => agents.resume(id, originOf(context)),
      async terminate(id, input, context) {
        await pipeline.terminations.request(id, input, originOf(context));
        return agents.get(id);
      },
    },
    recalls: {
      request: (agentId, input, context) => pipeline.recalls.request(agentId, input, originOf(context)),
      get: (id) => pipeline.recalls.get(id),
      list: (agentId) => pipeline.recalls.list(agentId),
      recoveryAddress: (agentId) => pipeline.recalls.recoveryAddress(agentId),
      setRecoveryAddress: (agentId, address, context) =>
        pipeline.recalls.setRecoveryAddress(agentId, address, originOf(context)),
    },
    sessions: {
      create: (input, context) => sessions.create(input, originOf(context)),
      list: (query) => sessions.list(query),
      revoke: (id, context) => sessions.revoke(id, originOf(context)),
      renew: (session, id, context) => sessions.renew(session, id, originOf(context)),
    },
    owner: parts.owner,
    policies: {
      create: (input, context) => policies.create(input, originOf(context)),
      update: (id, input, context) => policies.update(id, input, originOf(context)),
      list: () => policies.list(),
      remove: (id, options, context) => policies.remove(id, options, originOf(context)),
      evaluate: (input) => pipeline.evaluatePolicies(input),
    },
    channels: {
      list: () => parts.channels.list(),
      log: (query) => parts.channels.log(query),
      create: (input, context) => parts.channels.create(input, originOf(context)),
      update: (id, input, context) => parts.channels.update(id, input, originOf(context)),
      remove: (id, context) => parts.channels.remove(id, originOf(context)),
      test: (id, context) => parts.channels.test(id, originOf(context)),
      deadLetters: (id, query) => parts.channels.deadLetters(id, query),
      redeliver: (id, input, context) => parts.channels.redeliver(id, input, originOf(context)),
    },
    telegram: {
      async verify({ code }, context) {
        if (parts.bot === null) throw new WaiaasError('TELEGRAM_BOT_OFF');
        return { paired: true, ...(await parts.bot.verify(code, originOf(context))) };
      },
      unpair: (context) => parts.channels.unpair(originOf(context)),
    },
    wallet: {
      async balance({ agentId, constraints }) {
        checkMayRead(constraints);
        const { chain, network, public_key } = await walletOf(agentId);
        const adapter = adapters.find(chain, network);
        if (adapter === undefined) throw new WaiaasError('CHAIN_NOT_SUPPORTED', { details: { chain, network } });
        if (!adapter.isConnected()) throw new WaiaasError('ADAPTER_NOT_AVAILABLE', { details: { chain, network } });
        try {
          const { balance, decimals, symbol } = await adapter.getBalance(public_key);
          const formatted = formatUnits(balance, decimals, symbol);
          return { balance: balance.toString(), decimals, symbol, formatted, chain, network };
        } catch (error) {
          if (!isChainError(error)) throw error;
          throw new WaiaasError('CHAIN_ERROR', {
            message: error.message,
            details: { chainCode: error.code },
            cause: error,
          });
        }
      },
      async address({ agentId, constraints }) {
        checkMayRead(constraints);
        const { chain, network, public_key } = await walletOf(agentId);
        return { address: public_key, chain, network, encoding: chain === 'solana' ? 'base58' : 'hex' };
      },
      async assets({ agentId, constraints }) {
        checkMayRead(constraints);
        return pipeline.assets(agentId);
      },
      budget(session, query) {
        checkMayRead(session.constraints);
        return pipeline.budget(session, query);
      },
    },
    agentWallets: {
      assets: (id) => pipeline.assets(id),
      budget: (id, query) => pipeline.agentBudget(id, query),
      history: (id, query) => parts.balanceHistory.read(id, query),
    },
    payments: {
      list: (query) => pipeline.payments(query),
      get: (id) => pipeline.payment(id),
    },
    changes: parts.changes,
    transactions: {
      send: (session, body, options) => pipeline.send(session, body, options),
      list: ({ agentId }, query) => pipeline.list(agentId, query),
      pending: ({ agentId }) => pipeline.pending(agentId),
      get: (session, id) => pipeline.get(session, id),
      dryRun: (session, body) => pipeline.dryRun(session, body),
    },
    decisions: {
      get: (id) => pipeline.decisions.get(id),
      async replay() {
        const { faults, ...report } = await pipeline.decisions.replay();
        return { ...report, faults: [...faults] };
      },
    },
    metrics: parts.metrics,
    settings: parts.settings,
    autoStop: {
      list: () => parts.autoStopRules.list(),
      create: (input, context) => parts.autoStopRules.create(input, originOf(context)),
      update: (id, change, context) => parts.autoStopRules.update(id, change, originOf(context)),
      remove: (id, context) => parts.autoStopRules.remove(id, originOf(context)),
    },
    killSwitch: {
      activate: ({ reason }, context) => killSwitch.activate(reason, originOf(context)),
      recover: ({ password, proveOwner, localProof }, context) =>
        killSwitch.recover({
          password,
          proveOwner: proveOwner === null ? null : async () => originOf(await proveOwner()),
          isLocalCommand: () => parts.isLocalCommand(localProof),
          origin: originOf(context),
        }),
    },
    audit: {
      list: (query) => parts.auditTrail.list(query),
      verify: () => parts.auditTrail.verify(),
    },
    admin: {
      status,
      changePassword,
      rotateSecret: (context) =>
        parts.rotateSecret(() => {
          const entry = { event: 'SECRET_ROTATED', ...auditOrigin(originOf(context)) } as const;
          return storage.write(async ({ db }) => {
            context.confirmCredential();
            await refuseWhileLocked(db);
            return appendAudit(db, unixSeconds(clock), entry);
          });
        }),
      requestShutdown: parts.requestShutdown,
    },
  };
}
