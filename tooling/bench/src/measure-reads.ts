import { randomBytes } from 'node:crypto';
import { createApiServer } from '@waiaas/api-server';
import { createSessionAuthenticator } from '@waiaas/auth';
import { systemClock } from '@waiaas/core';
import { findAgent, rememberUntilWrite } from '@waiaas/storage';
import { type FastifyInstance, fastify } from 'fastify';
import { createBenchWorld, silent } from './bench-world.ts';
import type { Effort, Figure } from './figure.ts';
import { measureLoad } from './load.ts';
import { median } from './statistics.ts';

const refuse = (): never => {
  throw new Error('Not part of this measurement');
};

async function listen(app: FastifyInstance): Promise<string> {
  return app.listen({ host: '127.0.0.1', port: 0 });
}

/** (a) Authenticated reads as a share of a bare Fastify route that answers as many bytes. */
export async function measureReads(effort: Effort): Promise<Figure> {
  const world = await createBenchWorld();
  let port = 0;
  const findWallet = rememberUntilWrite(world.storage, (id: string) => findAgent(world.storage.read, id));
  const authenticator = createSessionAuthenticator({
    tokens: world.tokens,
    sessions: world.sessions,
    clock: systemClock,
    onBrokenSeal: async () => undefined,
  });
  const app = await createApiServer({
    services: {
      health: refuse,
      nonces: { issue: refuse },
      agents: { create: refuse, list: refuse, detail: refuse, suspend: refuse, resume: refuse, terminate: refuse },
      sessions: { create: refuse, list: refuse, revoke: refuse, renew: refuse },
      telegram: { verify: refuse, unpair: refuse },
      channels: {
        list: refuse,
        log: refuse,
        create: refuse,
        update: refuse,
        remove: refuse,
        test: refuse,
        deadLetters: refuse,
        redeliver: refuse,
      },
      policies: { create: refuse, update: refuse, list: refuse, remove: refuse, evaluate: refuse },
      transactions: { send: refuse, list: refuse, pending: refuse, get: refuse, dryRun: refuse },
      owner: {
        message: refuse,
        connect: refuse,
        change: refuse,
        disconnect: refuse,
        status: refuse,
        pendingApprovals: refuse,
        dashboard: refuse,
        approve: refuse,
        reject: refuse,
      },
      recalls: {
        request: refuse,
        get: refuse,
        list: refuse,
        recoveryAddress: refuse,
        setRecoveryAddress: refuse,
      },
      decisions: { get: refuse, replay: refuse },
      audit: { list: refuse, verify: refuse },
      killSwitch: { activate: refuse, recover: refuse },
      metrics: { read: refuse },
      autoStop: { list: refuse, create: refuse, update: refuse, remove: refuse },
      settings: { read: refuse, update: refuse },
      admin: { status: refuse, requestShutdown: refuse, changePassword: refuse, rotateSecret: refuse },
      agentWallets: { assets: refuse, budget: refuse, history: refuse },
      payments: { list: refuse, get: refuse },
      changes: { watch: refuse },
      wallet: {
        balance: refuse,
        assets: refuse,
        budget: refuse,
        async address({ agentId }) {
          const agent = await findWallet(agentId);
          if (agent === undefined) return refuse();
          const { public_key, chain, network } = agent;
          return { address: public_key, chain, network, encoding: 'base58' };
        },
      },
    },
    authenticators: {
      sessionToken: {
        peek: (authorization) => world.tokens.verify(authorization.slice('Bearer '.length)).sessionId,
        authenticate: (authorization) => authenticator.authenticate(authorization),
      },
      masterPassword: { authenticate: refuse },
      operatorTokens: { issue: refuse, authenticate: refuse, isLive: () => false, revoke: refuse },
      owner: { isConnected: refuse, authenticate: refuse, provePossession: refuse, authenticateSession: refuse },
    },
    killSwitch: { status: () => 'NORMAL', details: () => ({ activatedAt: null, reason: null }) },
    clock: systemClock,
    logger: silent,
    observe: () => undefined,
    randomBytes,
    version: '0.0.0',
    port: () => port,
    corsOrigins: [],
    limits: { globalRpm: 1_000_000, sessionRpm: 1_000_000, transactionRpm: 1_000_000 },
    debug: false,
    shutdown: new AbortController().signal,
  });
  const url = await listen(app);
  port = Number(new URL(url).port);
  const headers = [`authorization=Bearer ${world.token}`];
  const sample = await (
    await fetch(`${url}/v1/wallet/address`, { headers: { authorization: `Bearer ${world.token}` } })
  ).text();
  const bare = fastify({ logger: false });
  bare.get('/', async (_request, reply) => reply.type('application/json').send(sample));
  const bareUrl = await listen(bare);
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    await measureLoad(`${url}/v1/wallet/address`, headers, 1);
    for (let round = 0; round < effort.rounds; round++) {
      theirs.push(await measureLoad(`${bareUrl}/`, [], effort.seconds));
      ours.push(await measureLoad(`${url}/v1/wallet/address`, headers, effort.seconds));
    }
  } finally {
    await app.close();
    await bare.close();
    await world.close();
  }
  const share = median(ours) / median(theirs);
  return {
    id: 'a',
    name: 'authenticated reads, share of a bare Fastify route',
    value: `${share.toFixed(2)} (${Math.round(median(ours))} of ${Math.round(median(theirs))} requests/s)`,
    numbers: { share, authenticated: median(ours), bare: median(theirs) },
    target: '≥ 0.5',
    met: share >= 0.5,
  };
}
