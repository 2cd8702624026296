import { randomBytes } from 'node:crypto';
import {
  type AgentSummary,
  agentId,
  type KillSwitchStatus,
  type LogFields,
  type Logger,
  type PolicySummary,
  type SessionSummary,
  sessionId,
  type TransactionResponse,
  WaiaasError,
} from '@waiaas/core';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type { ApiServerOptions, ApiServices, Authenticators, SessionContext } from '../src/index.ts';
import { createApiServer } from '../src/index.ts';

export const AGENT = agentId('0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f10');
export const SESSION = sessionId('0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f11');
export const OTHER_SESSION = sessionId('0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f12');
export const TRANSACTION = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f13';
export const POLICY = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f14';
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
};
export const aPolicy: PolicySummary = {
  id: POLICY,
  version: 1,
  agentId: null,
  type: 'SPENDING_LIMIT',
  rules: { instant_max: '1' },
  priority: 0,
  enabled: true,
  createdAt: TIME,
  updatedAt: TIME,
};
export const RULES = { instant_max: '100', notify_max: '1000', delay_max: '10000' };

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
    suspend: unused('agents.suspend'),
    resume: unused('agents.resume'),
  },
  sessions: { create: unused('sessions.create'), list: unused('sessions.list'), revoke: unused('sessions.revoke') },
  wallet: { balance: unused('wallet.balance'), address: unused('wallet.address') },
  transactions: {
    send: unused('transactions.send'),
    list: unused('transactions.list'),
    pending: unused('transactions.pending'),
    get: unused('transactions.get'),
  },
  policies: { create: unused('policies.create'), update: unused('policies.update'), list: unused('policies.list') },
  admin: { status: unused('admin.status'), requestShutdown: unused('admin.requestShutdown') },
};

/** Services that answer every route with something well-formed. */
export const answeringServices: ApiServices = {
  ...refusingServices,
  agents: {
    create: async () => anAgent,
    list: async () => [anAgent],
    suspend: async () => ({ ...anAgent, status: 'SUSPENDED', suspensionReason: 'manual' }),
    resume: async () => anAgent,
  },
  sessions: {
    create: async () => ({ sessionId: SESSION, token: SESSION_TOKEN, expiresAt: TIME, constraints: {} }),
    list: async () => ({ sessions: [aSession], nextCursor: null }),
    revoke: async (id) => ({ revoked: true, sessionId: id, revokedAt: TIME, transactionsCancelled: 0 }),
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
    address: async () => ({ address: PAYMENT.to, chain: 'solana', network: 'localnet', encoding: 'base58' }),
  },
  transactions: {
    send: async () => aTransaction,
    list: async () => ({ transactions: [aTransaction], nextCursor: null }),
    pending: async () => ({ transactions: [] }),
    get: async () => aTransaction,
  },
  policies: {
    create: async () => ({ policy: aPolicy }),
    update: async () => ({ policy: aPolicy }),
    list: async () => ({ policies: [aPolicy] }),
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
      database: { path: 'data/waiaas.db', sizeBytes: 1, walSizeBytes: 0, walMode: true },
      memory: { rssBytes: 1 },
    }),
    requestShutdown: () => undefined,
  },
};

export interface Harness {
  readonly app: FastifyInstance;
  readonly lines: { level: string; fields: LogFields; message: string }[];
  readonly passwordsTried: (string | undefined)[];
  readonly revoked: string[];
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
  const stop = new AbortController();
  const context: SessionContext = { sessionId: SESSION, agentId: AGENT, constraints: {} };
  const sessions: Readonly<Record<string, SessionContext>> = {
    [`Bearer ${SESSION_TOKEN}`]: context,
    [`Bearer wai_sess_${OTHER_SESSION}`]: { ...context, sessionId: OTHER_SESSION },
  };
  const state = { now: NOW, lock: 'NORMAL' as KillSwitchStatus };
  const app = await createApiServer({
    services: { ...answeringServices, ...services },
    authenticators: {
      sessionToken: {
        peek: (header) =>
          header === `Bearer ${REVOKED_TOKEN}` ? OTHER_SESSION : (sessions[header]?.sessionId ?? null),
        authenticate: async (header) => {
          if (header === `Bearer ${REVOKED_TOKEN}`) throw new WaiaasError('SESSION_REVOKED');
          const found = header === undefined ? undefined : sessions[header];
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
        },
      },
      operatorTokens: {
        issue: () => ({ token: OPERATOR_TOKEN, expiresAt: NOW + 1000 }),
        authenticate: (token) => {
          if (token !== OPERATOR_TOKEN || revoked.includes(token)) throw new WaiaasError('INVALID_OPERATOR_TOKEN');
        },
        revoke: (token) => void revoked.push(token),
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
    limits: { globalRpm: 1_000_000, sessionRpm: 1_000_000, transactionRpm: 1_000_000, sessionCreateRpm: 1_000_000 },
    debug: false,
    shutdown: stop.signal,
    ...options,
  });
  return {
    app,
    lines,
    passwordsTried,
    revoked,
    stop,
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
  { method: 'GET', url: '/v1/transactions', auth: 'session', status: 200 },
  { method: 'GET', url: '/v1/transactions/pending', auth: 'session', status: 200 },
  { method: 'GET', url: `/v1/transactions/${TRANSACTION}`, auth: 'session', status: 200 },
  {
    method: 'POST',
    url: '/v1/agents',
    auth: 'operator',
    status: 201,
    payload: { name: 'a', chain: 'solana', network: 'localnet' },
  },
  { method: 'GET', url: '/v1/agents', auth: 'operator', status: 200 },
  { method: 'POST', url: `/v1/agents/${AGENT}/suspend`, auth: 'operator', status: 200 },
  { method: 'POST', url: `/v1/agents/${AGENT}/resume`, auth: 'operator', status: 200 },
  { method: 'POST', url: '/v1/sessions', auth: 'operator', status: 201, payload: { agentId: AGENT } },
  { method: 'GET', url: '/v1/sessions', auth: 'operator', status: 200 },
  { method: 'DELETE', url: `/v1/sessions/${SESSION}`, auth: 'operator', status: 200 },
  {
    method: 'POST',
    url: '/v1/owner/policies',
    auth: 'operator',
    status: 201,
    payload: { type: 'SPENDING_LIMIT', rules: RULES },
  },
  { method: 'GET', url: '/v1/owner/policies', auth: 'operator', status: 200 },
  { method: 'PUT', url: `/v1/owner/policies/${POLICY}`, auth: 'operator', status: 200, payload: { enabled: false } },
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
