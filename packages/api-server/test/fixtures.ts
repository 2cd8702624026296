import { randomBytes } from 'node:crypto';
import {
  type AgentSummary,
  type AutoStopRule,
  agentId,
  type DeadLetter,
  type KillSwitchStatus,
  type ListedPolicy,
  type LogFields,
  type Logger,
  type NotificationChannel,
  type OwnerConnectResponse,
  type OwnerTransaction,
  type RecallResponse,
  type SessionSummary,
  type SettingsResponse,
  sessionId,
  type TransactionResponse,
  WaiaasError,
} from '@waiaas/core';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type {
  ApiServerOptions,
  ApiServices,
  Authenticators,
  ObservedAnswer,
  OwnerSigner,
  SessionContext,
} from '../src/index.ts';
import { createApiServer } from '../src/index.ts';

export const AGENT = agentId('0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f10');
export const SESSION = sessionId('0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f11');
export const OTHER_SESSION = sessionId('0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f12');
export const TRANSACTION = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f13';
export const POLICY = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f14';
export const RECALL = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f16';
export const NOW = Date.UTC(2026, 10, 22, 12);
export const TIME = '2026-11-22T12:00:00.000Z';
export const PASSWORD = 'correct horse battery';
export const SESSION_TOKEN = `wai_sess_${SESSION}`;
export const OPERATOR_TOKEN = 'wai_op_0123456789abcdef';
/** A token of valid signature whose session has been revoked. */
export const REVOKED_TOKEN = `wai_sess_revoked_${OTHER_SESSION}`;

export const asSession = { authorization: `Bearer ${SESSION_TOKEN}` };
export const asOperator = { 'x-master-password': PASSWORD };
export const asToken = { authorization: `Bearer ${OPERATOR_TOKEN}` };
/** What the fake owner authenticator takes for a signature over anything. */
export const asOwner = { authorization: `Bearer ${Buffer.from('{"signed":true}').toString('base64url')}` };
/** What it takes for a signature of somebody who says to be somebody else. */
export const asStranger = { authorization: `Bearer ${Buffer.from('{"signed":"elsewhere"}').toString('base64url')}` };
export const OWNER: OwnerSigner = {
  chain: 'solana',
  address: '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU',
  message: 'a message',
  signature: 'a signature',
};
/** The owner's signature in the body of POST /v1/sessions. */
export const SIGNED_BODY = {
  agentId: AGENT,
  chain: OWNER.chain,
  ownerAddress: OWNER.address,
  message: OWNER.message,
  signature: OWNER.signature,
};

export const PAYMENT = { to: '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU', amount: '1500000000' };

export const aTransaction: TransactionResponse = {
  transactionId: TRANSACTION,
  status: 'CONFIRMED',
  type: 'TRANSFER',
  amount: '1500000000',
  toAddress: PAYMENT.to,
  tier: 'INSTANT',
  txHash: '5'.repeat(88),
  fee: '5000',
  createdAt: TIME,
};
export const aPayment: OwnerTransaction = {
  ...aTransaction,
  agentId: AGENT,
  agentName: 'shopper',
  sessionId: SESSION,
  chain: 'solana',
  network: 'localnet',
  asset: 'solana:native',
};
export const anAgent: AgentSummary = {
  id: AGENT,
  name: 'shopper',
  status: 'ACTIVE',
  chain: 'solana',
  network: 'localnet',
  publicKey: PAYMENT.to,
  createdAt: TIME,
  sessionCount: 1,
  totalTxCount: 0,
};
export const aSession: SessionSummary = {
  id: SESSION,
  agentId: AGENT,
  agentName: 'shopper',
  constraints: {},
  usageStats: { totalTx: 0, totalAmount: '0', lastTxAt: null },
  expiresAt: TIME,
  createdAt: TIME,
  renewalCount: 0,
  absoluteExpiresAt: TIME,
};
const anOwner: OwnerConnectResponse = {
  ownerId: AGENT,
  address: OWNER.address,
  chain: OWNER.chain,
  connectedAt: TIME,
};
export const aPolicy: ListedPolicy = {
  id: POLICY,
  version: 1,
  agentId: null,
  type: 'SPENDING_LIMIT',
  rules: { instant_max: '1' },
  priority: 0,
  enabled: true,
  createdAt: TIME,
  updatedAt: TIME,
  authentic: true,
};
export const CHANNEL = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f15';
export const aChannel: NotificationChannel = {
  id: CHANNEL,
  type: 'NTFY',
  name: 'phone',
  enabled: true,
  priority: 0,
  locale: 'en',
  paired: false,
  config: { serverUrl: 'https://ntfy.sh', topic: 'alerts', authToken: '****...abcd' },
  health: 'healthy',
  lastCheckAt: TIME,
  createdAt: TIME,
  updatedAt: TIME,
};
export const DELIVERY = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f19';
const aDeadLetter: DeadLetter = {
  deliveryId: DELIVERY,
  channelId: CHANNEL,
  sequence: 7,
  event: 'TX_FAILED',
  level: 'WARNING',
  referenceId: null,
  createdAt: TIME,
  givenUpAt: TIME,
  keptUntil: TIME,
  error: 'The message is refused (HTTP 400)',
};
export const aRecall: RecallResponse = {
  recallId: RECALL,
  agentId: AGENT,
  kind: 'MANUAL',
  status: 'PARTIAL',
  destination: OWNER.address,
  requestedBy: 'operator',
  requestedAt: TIME,
  startedAt: TIME,
  endedAt: TIME,
  transactions: [{ transactionId: TRANSACTION, asset: 'solana:native', amount: '5', status: 'CONFIRMED', txHash: '5' }],
  left: [{ asset: 'solana:native', balance: '4', reason: 'DUST' }],
};
const aRecoveryAddress = {
  agentId: AGENT,
  address: null,
  next: { address: OWNER.address, activeFrom: TIME },
};
export const RULES = { instant_max: '100', notify_max: '1000', delay_max: '10000' };

export const aRule: AutoStopRule = {
  id: POLICY,
  version: 1,
  agentId: null,
  type: 'HOURLY_RATE',
  config: { maxTxPerHour: 50 },
  action: 'SUSPEND_AGENT',
  enabled: true,
  createdAt: TIME,
  updatedAt: TIME,
};

const someSettings: SettingsResponse = {
  server: { hostname: '127.0.0.1', port: 3100, logLevel: 'info' },
  security: { jwtSecret: '[REDACTED]', rateLimits: { global: 100, session: 300, transaction: 10 } },
  notifications: {
    enabled: true,
    minChannels: 2,
    channels: [{ type: 'NTFY', name: 'phone', enabled: true, configPreview: 'https://ntfy.sh ****...abcd' }],
  },
  autoStop: { enabled: true, rulesCount: 1 },
  changed: ['notifications.minChannels'],
};

const unused = (name: string) => (): never => {
  throw new Error(`${name} must not be called here`);
};

/** Services whose methods refuse to be called unless a test replaces them. */
export const refusingServices: ApiServices = {
  health: () => ({ status: 'healthy', version: '0.2.0', uptime: 1, killSwitch: 'NORMAL' }),
  nonces: { issue: () => ({ nonce: 'ab'.repeat(16), expiresAt: NOW + 300_000 }) },
  agents: {
    create: unused('agents.create'),
    list: unused('agents.list'),
    detail: unused('agents.detail'),
    suspend: unused('agents.suspend'),
    resume: unused('agents.resume'),
    terminate: unused('agents.terminate'),
  },
  sessions: {
    create: unused('sessions.create'),
    list: unused('sessions.list'),
    revoke: unused('sessions.revoke'),
    renew: unused('sessions.renew'),
  },
  wallet: {
    balance: unused('wallet.balance'),
    assets: unused('wallet.assets'),
    address: unused('wallet.address'),
    budget: unused('wallet.budget'),
  },
  agentWallets: {
    assets: unused('agentWallets.assets'),
    budget: unused('agentWallets.budget'),
    history: unused('agentWallets.history'),
  },
  payments: { list: unused('payments.list'), get: unused('payments.get') },
  changes: { watch: unused('changes.watch') },
  transactions: {
    send: unused('transactions.send'),
    list: unused('transactions.list'),
    pending: unused('transactions.pending'),
    get: unused('transactions.get'),
    dryRun: unused('transactions.dryRun'),
  },
  audit: { list: unused('audit.list'), verify: unused('audit.verify') },
  metrics: { read: unused('metrics.read') },
  autoStop: {
    list: unused('autoStop.list'),
    create: unused('autoStop.create'),
    update: unused('autoStop.update'),
    remove: unused('autoStop.remove'),
  },
  settings: { read: unused('settings.read'), update: unused('settings.update') },
  killSwitch: { activate: unused('killSwitch.activate'), recover: unused('killSwitch.recover') },
  decisions: { get: unused('decisions.get'), replay: unused('decisions.replay') },
  policies: {
    create: unused('policies.create'),
    update: unused('policies.update'),
    list: unused('policies.list'),
    remove: unused('policies.remove'),
    evaluate: unused('policies.evaluate'),
  },
  channels: {
    list: unused('channels.list'),
    log: unused('channels.log'),
    create: unused('channels.create'),
    update: unused('channels.update'),
    remove: unused('channels.remove'),
    test: unused('channels.test'),
    deadLetters: unused('channels.deadLetters'),
    redeliver: unused('channels.redeliver'),
  },
  telegram: { verify: unused('telegram.verify'), unpair: unused('telegram.unpair') },
  owner: {
    message: unused('owner.message'),
    connect: unused('owner.connect'),
    change: unused('owner.change'),
    disconnect: unused('owner.disconnect'),
    status: unused('owner.status'),
    dashboard: unused('owner.dashboard'),
    pendingApprovals: unused('owner.pendingApprovals'),
    approve: unused('owner.approve'),
    reject: unused('owner.reject'),
  },
  recalls: {
    request: unused('recalls.request'),
    get: unused('recalls.get'),
    list: unused('recalls.list'),
    recoveryAddress: unused('recalls.recoveryAddress'),
    setRecoveryAddress: unused('recalls.setRecoveryAddress'),
  },
  admin: {
    status: unused('admin.status'),
    changePassword: unused('admin.changePassword'),
    rotateSecret: unused('admin.rotateSecret'),
    requestShutdown: unused('admin.requestShutdown'),
  },
};

/** Services that answer every route with something well-formed. */
export const answeringServices: ApiServices = {
  ...refusingServices,
  agents: {
    create: async () => anAgent,
    list: async () => [anAgent],
    detail: async () => ({
      agent: { ...anAgent, ownerAddress: OWNER.address },
      recentTransactions: [aTransaction],
      activeSessions: [aSession],
      policies: [aPolicy],
    }),
    suspend: async () => ({ ...anAgent, status: 'SUSPENDED', suspensionReason: 'manual' }),
    resume: async () => anAgent,
    terminate: async () => ({ ...anAgent, status: 'TERMINATING' }),
  },
  sessions: {
    create: async () => ({ sessionId: SESSION, token: SESSION_TOKEN, expiresAt: TIME, constraints: {} }),
    list: async () => ({ sessions: [aSession], nextCursor: null }),
    revoke: async (id) => ({ revoked: true, sessionId: id, revokedAt: TIME, transactionsCancelled: 0 }),
    renew: async (_session, id) => ({
      sessionId: id,
      token: SESSION_TOKEN,
      expiresAt: TIME,
      renewalCount: 1,
      renewalsLeft: 29,
      maxRenewals: 30,
      absoluteExpiresAt: TIME,
    }),
  },
  wallet: {
    balance: async () => ({
      balance: '1500000000',
      decimals: 9,
      symbol: 'SOL',
      formatted: '1.5 SOL',
      chain: 'solana',
      network: 'localnet',
    }),
    assets: async () => ({
      chain: 'solana',
      network: 'localnet',
      assets: [{ asset: 'solana:native', balance: '1', decimals: 9, symbol: 'SOL', formatted: '0.000000001 SOL' }],
    }),
    address: async () => ({ address: PAYMENT.to, chain: 'solana', network: 'localnet', encoding: 'base58' }),
    budget: async () => ({
      chain: 'solana',
      network: 'localnet',
      session: {
        expiresAt: TIME,
        maxAmountPerTx: null,
        total: { limit: '10', used: '1', reserved: '2', remaining: '7' },
        transactions: null,
        allowedOperations: null,
        allowedDestinations: null,
        renewalsLeft: 30,
        absoluteExpiresAt: TIME,
      },
      policy: { asset: 'solana:native', symbol: 'SOL', decimals: 9, tiers: null, dailyCap: null, weeklyCap: null },
      accountRent: null,
      maxPayment: '7',
    }),
  },
  agentWallets: {
    assets: async () => ({
      chain: 'solana',
      network: 'localnet',
      assets: [{ asset: 'solana:native', balance: '1', decimals: 9, symbol: 'SOL', formatted: '0.000000001 SOL' }],
    }),
    budget: async (id) => ({
      agentId: id,
      chain: 'solana',
      network: 'localnet',
      policy: { asset: 'solana:native', symbol: 'SOL', decimals: 9, tiers: null, dailyCap: null, weeklyCap: null },
    }),
    history: async (id, { period }) => ({
      ...{ agentId: id, chain: 'solana', network: 'localnet', period },
      ...{ from: '2026-01-01T00:00:00.000Z', to: '2026-01-08T00:00:00.000Z' },
      series: [
        {
          ...{ asset: 'solana:native', symbol: 'SOL', decimals: 9 },
          points: [{ at: '2026-01-07T00:00:00.000Z', balance: '1' }],
        },
      ],
    }),
  },
  payments: {
    list: async () => ({ transactions: [aPayment], nextCursor: null }),
    get: async () => aPayment,
  },
  changes: {
    async *watch() {
      yield { changes: [], complete: true };
      yield {
        changes: [{ id: 7, topic: 'transactions', event: 'TX_QUEUED', transactionId: TRANSACTION }],
        complete: true,
      };
    },
  },
  transactions: {
    send: async () => aTransaction,
    list: async () => ({ transactions: [aTransaction], nextCursor: null }),
    pending: async () => ({ transactions: [] }),
    get: async () => aTransaction,
    dryRun: async () => ({ outcome: 'ALLOW', tier: 'INSTANT', session: [], criteria: [] }),
  },
  decisions: {
    get: async (id) => ({
      transactionId: id,
      agentId: AGENT,
      decidedAt: TIME,
      status: 'CONFIRMED',
      session: [],
      verdict: { outcome: 'ALLOW', tier: 'INSTANT' },
      criteria: [{ rule: 'instant_max', observed: '1', limit: '2', passed: true }],
      facts: {},
      policies: [],
      replay: 'same',
    }),
    replay: async () => ({ total: 1, same: 1, refusedBySession: 0, faultCount: 0, faults: [] }),
  },
  metrics: { read: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'up 1\n' }) },
  autoStop: {
    list: async () => ({ rules: [aRule], authentic: true }),
    create: async () => aRule,
    update: async () => aRule,
    remove: async () => undefined,
  },
  settings: {
    read: async () => someSettings,
    update: async () => ({ updated: true, settings: someSettings }),
  },
  killSwitch: {
    activate: async () => ({
      activated: true,
      timestamp: TIME,
      sessionsRevoked: 1,
      transactionsCancelled: 2,
      agentsSuspended: 3,
    }),
    recover: async ({ proveOwner }) => {
      await proveOwner?.();
      return { recovered: true, timestamp: TIME, agentsReactivated: 3 };
    },
  },
  audit: {
    list: async () => ({
      entries: [
        {
          id: 1,
          timestamp: TIME,
          event: 'DAEMON_STARTED',
          actor: 'system',
          severity: 'info',
          details: { pid: 1 },
          hash: '0'.repeat(64),
        },
      ],
      nextCursor: null,
    }),
    verify: async () => ({
      intact: true,
      rows: 1,
      firstId: 1,
      lastId: 1,
      lastHash: '0'.repeat(64),
      sealedTo: 1,
      sealsChecked: true,
      anchors: 0,
      faults: 0,
      findings: [],
    }),
  },
  policies: {
    create: async () => ({ policy: aPolicy }),
    update: async () => ({ policy: aPolicy }),
    list: async () => ({ policies: [aPolicy], notAuthentic: [] }),
    remove: async () => undefined,
    evaluate: async () => ({ payment: null, history: null }),
  },
  channels: {
    list: async () => ({ channels: [aChannel], enabled: true, reachable: 1, minChannels: 2 }),
    log: async () => ({ entries: [], nextCursor: null }),
    create: async () => ({ channel: aChannel }),
    update: async () => ({ channel: aChannel }),
    remove: async () => undefined,
    test: async (id) => ({ success: true, channelId: id, status: 200, latencyMs: 12 }),
    deadLetters: async () => ({ deadLetters: [aDeadLetter], nextCursor: null }),
    redeliver: async (id) => ({
      channelId: id,
      deliveries: [{ deliveryId: DELIVERY, event: 'TX_FAILED', success: true, status: 200 }],
      nextCursor: null,
    }),
  },
  telegram: {
    verify: async () => ({ paired: true, channelId: CHANNEL, chatId: '4242', chatName: 'Alice' }),
    unpair: async () => true,
  },
  owner: {
    message: async () => ({ message: 'a message', nonce: 'ab'.repeat(16), expiresAt: TIME }),
    connect: async () => anOwner,
    change: async () => ({ ...anOwner, previousAddress: OWNER.address, expiredTransactions: 0 }),
    disconnect: async () => ({ disconnected: true, disconnectedAt: TIME, expiredTransactions: 0 }),
    status: async () => ({ connected: false, systemState: 'NORMAL', activeSessionCount: 0, pendingApprovalCount: 0 }),
    dashboard: async () => ({
      balances: [
        {
          ...{ chain: 'solana', network: 'localnet', symbol: 'SOL', decimals: 9 },
          ...{ balance: null, formatted: null, agents: 1, asOf: null, stale: true },
        },
      ],
      today: TIME,
      todayTxCount: 1,
      todayTxVolumes: [
        {
          ...{ chain: 'solana', network: 'localnet', symbol: 'SOL', decimals: 9 },
          ...{ amount: '1500000000', formatted: '1.5 SOL' },
        },
      ],
      activeSessions: 1,
      pendingApprovals: 0,
      systemState: 'NORMAL',
      agentStatuses: [{ id: AGENT, name: 'shopper', status: 'ACTIVE', chain: 'solana', network: 'localnet' }],
    }),
    pendingApprovals: async () => ({ transactions: [], nextCursor: null }),
    approve: async (id) => ({ transactionId: id, status: 'EXECUTING', approvedAt: TIME, approvedBy: OWNER.address }),
    reject: async (id) => ({ transactionId: id, status: 'CANCELLED', rejectedAt: TIME, rejectedBy: 'operator' }),
  },
  recalls: {
    request: async () => aRecall,
    get: async () => aRecall,
    list: async () => [aRecall],
    recoveryAddress: async () => aRecoveryAddress,
    setRecoveryAddress: async () => aRecoveryAddress,
  },
  admin: {
    status: async () => ({
      daemon: { version: '0.2.0', uptime: 1, pid: 1, nodeVersion: 'v24.0.0' },
      killSwitch: { status: 'NORMAL', activatedAt: null, reason: null, actor: null },
      keystore: { unlocked: true, keysLoaded: 1 },
      agents: { active: 1, suspended: 0, total: 1 },
      sessions: { active: 1 },
      adapters: [{ chain: 'solana', network: 'localnet', healthy: true, latencyMs: 3, lastCheck: TIME }],
      workers: { sweeper: { running: true, lastRun: null } },
      telegramBot: { enabled: false, connected: false, ownerRegistered: false, lastPollAt: null, consecutiveErrors: 0 },
      database: { path: 'data/waiaas.db', sizeBytes: 1, walSizeBytes: 0, walMode: true },
      memory: { rssBytes: 1 },
    }),
    changePassword: async () => ({ changed: true, timestamp: TIME }),
    rotateSecret: async () => ({ rotated: true, timestamp: TIME, previousValidUntil: TIME }),
    requestShutdown: () => undefined,
  },
};

export interface Harness {
  readonly app: FastifyInstance;
  readonly lines: { level: string; fields: LogFields; message: string }[];
  /** What the server has told of its answers. */
  readonly observed: ObservedAnswer[];
  readonly passwordsTried: (string | undefined)[];
  readonly revoked: string[];
  /** What the owner authenticator was asked. */
  readonly signatures: unknown[][];
  /** How many signatures it has verified, and how many it has used up. */
  readonly verified: number;
  readonly usedUp: number;
  ownerConnected: boolean;
  now: number;
  lock: KillSwitchStatus;
  readonly stop: AbortController;
  request(options: InjectOptions): Promise<LightMyRequestResponse>;
}

export interface HarnessOptions {
  readonly services?: Partial<ApiServices>;
  readonly options?: Partial<ApiServerOptions>;
  readonly authenticators?: Partial<Authenticators>;
}

/** A server over fakes. Requests carry a valid Host header unless they bring their own. */
export async function harness({ services, options, authenticators }: HarnessOptions = {}): Promise<Harness> {
  const lines: Harness['lines'] = [];
  const record = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, fields, message });
  const logger: Logger = {
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
  };
  const passwordsTried: (string | undefined)[] = [];
  const revoked: string[] = [];
  const observed: ObservedAnswer[] = [];
  const stop = new AbortController();
  const context: SessionContext = {
    sessionId: SESSION,
    agentId: AGENT,
    constraints: {},
    tokenHash: 'a'.repeat(64),
    renewBy: null,
  };
  const signatures: unknown[][] = [];
  const signer = (authorization: string): OwnerSigner => {
    if (authorization !== asOwner.authorization) throw new WaiaasError('INVALID_SIGNATURE');
    return OWNER;
  };
  /** The scheme's name has no case. */
  const spelt = (header: string): string => header.replace(/^bearer /i, 'Bearer ');
  const sessions: Readonly<Record<string, SessionContext>> = {
    [`Bearer ${SESSION_TOKEN}`]: context,
    [`Bearer wai_sess_${OTHER_SESSION}`]: { ...context, sessionId: OTHER_SESSION },
  };
  const state = { now: NOW, lock: 'NORMAL' as KillSwitchStatus, ownerConnected: false, verified: 0, usedUp: 0 };
  const app = await createApiServer({
    services: { ...answeringServices, ...services },
    observe: (answer) => void observed.push(answer),
    authenticators: {
      sessionToken: {
        peek: (header) =>
          header === `Bearer ${REVOKED_TOKEN}` ? OTHER_SESSION : (sessions[spelt(header)]?.sessionId ?? null),
        authenticate: async (header) => {
          if (header === `Bearer ${REVOKED_TOKEN}`) throw new WaiaasError('SESSION_REVOKED');
          const found = header === undefined ? undefined : sessions[spelt(header)];
          if (found === undefined)
            throw new WaiaasError('INVALID_TOKEN', {
              details: { reason: header === undefined ? 'missing' : 'malformed' },
            });
          return found;
        },
      },
      masterPassword: {
        authenticate: async (password) => {
          passwordsTried.push(password);
          if (password !== PASSWORD) throw new WaiaasError('INVALID_MASTER_PASSWORD');
          return { confirm: () => undefined };
        },
      },
      operatorTokens: {
        issue: () => ({ token: OPERATOR_TOKEN, expiresAt: NOW + 1000 }),
        authenticate: (token) => {
          const confirm = (): void => {
            if (token !== OPERATOR_TOKEN || revoked.includes(token)) throw new WaiaasError('INVALID_OPERATOR_TOKEN');
          };
          confirm();
          return { confirm };
        },
        isLive: (token) => token === OPERATOR_TOKEN && !revoked.includes(token),
        revoke: (token) => void revoked.push(token),
      },
      owner: {
        isConnected: async () => state.ownerConnected,
        authenticate: async (authorization, action, subject, counting) => {
          signatures.push([action, subject]);
          if (authorization === asStranger.authorization) {
            counting.stranger();
            state.verified += 1;
            throw new WaiaasError('OWNER_MISMATCH');
          }
          state.verified += 1;
          const owner = signer(authorization);
          counting.owner();
          state.usedUp += 1;
          return owner;
        },
        provePossession: async (authorization, ...asked) => {
          signatures.push(asked);
          return signer(authorization);
        },
        authenticateSession: async (body) => {
          signatures.push([body]);
          if (body.signature !== OWNER.signature) throw new WaiaasError('INVALID_SIGNATURE');
          return OWNER;
        },
      },
      ...authenticators,
    },
    killSwitch: { status: () => state.lock, details: () => ({ activatedAt: TIME, reason: 'drill' }) },
    clock: { now: () => state.now },
    logger,
    randomBytes: (length) => randomBytes(length),
    version: '0.2.0',
    port: () => 3100,
    corsOrigins: [],
    limits: {
      globalRpm: 1_000_000,
      sessionRpm: 1_000_000,
      transactionRpm: 1_000_000,
      sessionCreateRpm: 1_000_000,
    },
    debug: false,
    shutdown: stop.signal,
    ...options,
  });
  return {
    app,
    lines,
    observed,
    passwordsTried,
    revoked,
    signatures,
    stop,
    get verified() {
      return state.verified;
    },
    get usedUp() {
      return state.usedUp;
    },
    get ownerConnected() {
      return state.ownerConnected;
    },
    set ownerConnected(value) {
      state.ownerConnected = value;
    },
    get now() {
      return state.now;
    },
    set now(value) {
      state.now = value;
    },
    get lock() {
      return state.lock;
    },
    set lock(value) {
      state.lock = value;
    },
    request: (request) => app.inject({ ...request, headers: { host: 'localhost:3100', ...request.headers } }),
  };
}

/** Every route of the server, with what a good request to it looks like. */
export const ROUTES = [
  { method: 'GET', url: '/health', auth: 'public', status: 200 },
  { method: 'GET', url: '/v1/nonce', auth: 'public', status: 200 },
  { method: 'GET', url: '/v1/wallet/balance', auth: 'session', status: 200 },
  { method: 'GET', url: '/v1/wallet/address', auth: 'session', status: 200 },
  { method: 'POST', url: '/v1/transactions/send', auth: 'session', status: 200, payload: PAYMENT },
  { method: 'POST', url: '/v1/transactions/dry-run', auth: 'session', status: 200, payload: PAYMENT },
  { method: 'GET', url: `/v1/owner/decisions/${TRANSACTION}`, auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/owner/decisions/replay', auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/owner/audit-log', auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/owner/audit-log/verify', auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/owner/changes', auth: 'operator', status: 200 },
  { method: 'GET', url: '/v1/owner/transactions', auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: `/v1/owner/transactions/${TRANSACTION}`, auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: `/v1/owner/agents/${AGENT}/assets`, auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: `/v1/owner/agents/${AGENT}/budget`, auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: `/v1/owner/agents/${AGENT}/balance-history`, auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/transactions', auth: 'session', status: 200 },
  { method: 'GET', url: '/v1/transactions/pending', auth: 'session', status: 200 },
  { method: 'GET', url: `/v1/transactions/${TRANSACTION}`, auth: 'session', status: 200 },
  {
    method: 'POST',
    url: '/v1/agents',
    auth: 'operatorOrOwner',
    status: 201,
    payload: { name: 'a', chain: 'solana', network: 'localnet' },
  },
  { method: 'GET', url: '/v1/agents', auth: 'operatorOrOwner', status: 200 },
  { method: 'POST', url: `/v1/agents/${AGENT}/suspend`, auth: 'operatorOrOwner', status: 200 },
  { method: 'POST', url: `/v1/agents/${AGENT}/resume`, auth: 'operatorOrOwner', status: 200 },
  { method: 'POST', url: `/v1/agents/${AGENT}/terminate`, auth: 'operatorOrOwner', status: 202 },
  {
    method: 'POST',
    url: `/v1/owner/agents/${AGENT}/recall`,
    auth: 'operatorOrOwner',
    status: 202,
    payload: { destination: OWNER.address },
  },
  { method: 'GET', url: `/v1/owner/agents/${AGENT}/recalls`, auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: `/v1/owner/recalls/${RECALL}`, auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: `/v1/owner/agents/${AGENT}/recovery-address`, auth: 'operatorOrOwner', status: 200 },
  {
    method: 'PUT',
    url: `/v1/owner/agents/${AGENT}/recovery-address`,
    auth: 'masterAndOwner',
    status: 200,
    payload: { address: OWNER.address },
  },
  { method: 'POST', url: '/v1/sessions', auth: 'sessionCreation', status: 201, payload: { agentId: AGENT } },
  { method: 'GET', url: '/v1/sessions', auth: 'operatorOrOwner', status: 200 },
  { method: 'DELETE', url: `/v1/sessions/${SESSION}`, auth: 'operatorOrOwner', status: 200 },
  {
    method: 'POST',
    url: '/v1/owner/policies',
    auth: 'ownerOnceConnected',
    status: 201,
    payload: { type: 'SPENDING_LIMIT', rules: RULES },
  },
  { method: 'GET', url: '/v1/owner/policies', auth: 'operatorOrOwner', status: 200 },
  {
    method: 'POST',
    url: '/v1/owner/policies/evaluate',
    auth: 'operatorOrOwner',
    status: 200,
    payload: { policies: [], history: {} },
  },
  {
    method: 'PUT',
    url: `/v1/owner/policies/${POLICY}`,
    auth: 'ownerOnceConnected',
    status: 200,
    payload: { enabled: false },
  },
  { method: 'DELETE', url: `/v1/owner/policies/${POLICY}?confirm=true`, auth: 'ownerOnceConnected', status: 200 },
  { method: 'GET', url: '/v1/owner/notification-channels', auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/owner/notification-log', auth: 'operatorOrOwner', status: 200 },
  {
    method: 'POST',
    url: '/v1/owner/notification-channels',
    auth: 'operatorOrOwner',
    status: 201,
    payload: { type: 'NTFY', name: 'phone', config: { topic: 'alerts' } },
  },
  {
    method: 'PUT',
    url: `/v1/owner/notification-channels/${CHANNEL}`,
    auth: 'operatorOrOwner',
    status: 200,
    payload: { enabled: false },
  },
  { method: 'DELETE', url: `/v1/owner/notification-channels/${CHANNEL}`, auth: 'operatorOrOwner', status: 200 },
  { method: 'POST', url: `/v1/owner/notification-channels/${CHANNEL}/test`, auth: 'operatorOrOwner', status: 200 },
  {
    method: 'GET',
    url: `/v1/owner/notification-channels/${CHANNEL}/dead-letters`,
    auth: 'operatorOrOwner',
    status: 200,
  },
  {
    method: 'POST',
    url: `/v1/owner/notification-channels/${CHANNEL}/redeliver`,
    auth: 'operatorOrOwner',
    status: 200,
    payload: { deliveryId: DELIVERY },
  },
  {
    method: 'POST',
    url: '/v1/owner/telegram/verify',
    auth: 'operatorOrOwner',
    status: 200,
    payload: { code: '012345' },
  },
  { method: 'DELETE', url: '/v1/owner/telegram', auth: 'operatorOrOwner', status: 200 },
  {
    method: 'POST',
    url: '/v1/owner/messages',
    auth: 'public',
    status: 200,
    payload: {
      chain: 'solana',
      address: OWNER.address,
      action: 'view_dashboard',
      method: 'GET',
      path: '/v1/owner/status',
    },
  },
  {
    method: 'POST',
    url: '/v1/owner/connect',
    auth: 'masterAndPossession',
    status: 201,
    payload: { address: OWNER.address, chain: OWNER.chain },
  },
  {
    method: 'POST',
    url: '/v1/owner/change',
    auth: 'masterAndOwner',
    status: 200,
    payload: { address: OWNER.address, chain: OWNER.chain, message: 'm', signature: 's' },
  },
  { method: 'DELETE', url: '/v1/owner/disconnect', auth: 'ownerOnceConnected', status: 200 },
  { method: 'GET', url: '/v1/owner/status', auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/owner/dashboard', auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/owner/pending-approvals', auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/owner/sessions', auth: 'operatorOrOwner', status: 200 },
  { method: 'DELETE', url: `/v1/owner/sessions/${SESSION}`, auth: 'operatorOrOwner', status: 200 },
  { method: 'POST', url: `/v1/owner/approve/${TRANSACTION}`, auth: 'owner', status: 200 },
  { method: 'POST', url: `/v1/owner/reject/${TRANSACTION}`, auth: 'operatorOrOwner', status: 200 },
  { method: 'PUT', url: `/v1/sessions/${SESSION}/renew`, auth: 'session', status: 200 },
  { method: 'GET', url: '/v1/wallet/assets', auth: 'session', status: 200 },
  { method: 'GET', url: '/v1/wallet/budget', auth: 'session', status: 200 },
  {
    method: 'POST',
    url: '/v1/admin/password',
    auth: 'master',
    status: 200,
    payload: { newPassword: 'another good password' },
  },
  { method: 'GET', url: '/v1/owner/auto-stop-rules', auth: 'operatorOrOwner', status: 200 },
  {
    method: 'POST',
    url: '/v1/owner/auto-stop-rules',
    auth: 'operatorOrOwner',
    status: 201,
    payload: { type: 'HOURLY_RATE', config: { maxTxPerHour: 50 } },
  },
  {
    method: 'PUT',
    url: `/v1/owner/auto-stop-rules/${POLICY}`,
    auth: 'operatorOrOwner',
    status: 200,
    payload: { enabled: false },
  },
  { method: 'DELETE', url: `/v1/owner/auto-stop-rules/${POLICY}`, auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/owner/agents', auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: `/v1/owner/agents/${AGENT}`, auth: 'operatorOrOwner', status: 200 },
  { method: 'GET', url: '/v1/owner/settings', auth: 'operatorOrOwner', status: 200 },
  {
    method: 'PUT',
    url: '/v1/owner/settings',
    auth: 'operatorOrOwner',
    status: 200,
    payload: { notifications: { minChannels: 3 } },
  },
  { method: 'POST', url: '/v1/owner/kill-switch', auth: 'operatorOrOwner', status: 200, payload: { reason: 'drill' } },
  { method: 'POST', url: '/v1/admin/kill-switch', auth: 'master', status: 200, payload: { reason: 'drill' } },
  { method: 'POST', url: '/v1/owner/recover', auth: 'recovery', status: 200 },
  { method: 'POST', url: '/v1/admin/rotate-secret', auth: 'master', status: 200 },
  { method: 'GET', url: '/v1/admin/status', auth: 'operator', status: 200 },
  { method: 'POST', url: '/v1/admin/logout', auth: 'operator token', status: 200 },
  { method: 'POST', url: '/v1/admin/login', auth: 'master', status: 200 },
  { method: 'POST', url: '/v1/admin/shutdown', auth: 'master', status: 200 },
] as const;

/** Credentials that a route accepts. */
export const credentialsFor = (auth: (typeof ROUTES)[number]['auth']): Record<string, string> => {
  switch (auth) {
    case 'public':
      return {};
    case 'session':
      return asSession;
    case 'operator token':
      return asToken;
    case 'owner':
      return asOwner;
    case 'masterAndOwner':
    case 'masterAndPossession':
    case 'recovery':
      return { ...asOperator, ...asOwner };
    default:
      return asOperator;
  }
};

export type Route = (typeof ROUTES)[number];

/** A request of a route, ready to be sent. */
export const requestOf = (route: Route, headers: Record<string, string> = {}): InjectOptions => ({
  method: route.method,
  url: route.url,
  headers,
  ...('payload' in route ? { payload: route.payload } : {}),
});
