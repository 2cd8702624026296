import {
  type AgentCreate,
  type AgentId,
  type AgentSummary,
  agentId,
  type Chain,
  type Clock,
  type IdGenerator,
  isNetworkOf,
  isoFromSeconds,
  type Network,
  networkConfigKey,
  networksOf,
  type RowSealer,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import type { Keystore } from '@waiaas/keystore';
import {
  type AgentOverview,
  appendAudit,
  findAgent,
  findLiveRecall,
  insertAgent,
  isAgentAuthentic,
  listAgentOverviews,
  moveAgent,
  type Storage,
  sealPolicySet,
} from '@waiaas/storage';
import { agentNotAuthentic } from './agent-not-authentic.ts';
import { confirmOrigin, refuseWhileLocked } from './authority.ts';
import { actorName, auditOrigin, type RequestOrigin } from './request-origin.ts';

/** What agent management works with. */
export interface AgentManagementDependencies {
  readonly storage: Storage;
  readonly keystore: Pick<Keystore, 'isUnlocked' | 'createKey' | 'discardKey'>;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  /** Whether this daemon can pay on a network; agents are only created where it can. */
  readonly isSupported: (chain: Chain, network: Network) => boolean;
}

/** Creating, listing, stopping and restarting agents (00 §3). */
export interface AgentManagement {
  /**
   * Creates an agent with a key of its own.
   * @throws WaiaasError CHAIN_NOT_SUPPORTED, KEYSTORE_LOCKED, VALIDATION_ERROR
   */
  create(input: AgentCreate, origin: RequestOrigin): Promise<AgentSummary>;
  list(): Promise<readonly AgentSummary[]>;
  /** @throws WaiaasError AGENT_NOT_FOUND */
  get(id: AgentId): Promise<AgentSummary>;
  /** Stops an agent: from the next request on it can do nothing. @throws WaiaasError AGENT_NOT_FOUND, AGENT_SUSPENDED, AGENT_TERMINATED */
  suspend(id: AgentId, origin: RequestOrigin): Promise<AgentSummary>;
  /** Lets a suspended agent go on. @throws WaiaasError AGENT_NOT_FOUND, AGENT_TERMINATED, AGENT_NOT_SUSPENDED, RECALL_IN_PROGRESS, SYSTEM_LOCKED */
  resume(id: AgentId, origin: RequestOrigin): Promise<AgentSummary>;
}

const toSummary = (row: AgentOverview): AgentSummary => ({
  id: row.id,
  name: row.name,
  status: row.status,
  chain: row.chain,
  network: row.network,
  publicKey: row.public_key,
  ...(row.suspension_reason === null ? {} : { suspensionReason: row.suspension_reason }),
  createdAt: isoFromSeconds(row.created_at),
  sessionCount: row.session_count,
  totalTxCount: row.transaction_count,
});

const unsupported = (chain: Chain, network: Network, hint: string): WaiaasError =>
  new WaiaasError('CHAIN_NOT_SUPPORTED', { details: { chain, network }, hint });

/** Builds agent management. */
export function createAgentManagement(dependencies: AgentManagementDependencies): AgentManagement {
  const { storage, keystore, sealer, clock, ids, isSupported } = dependencies;

  const summary = async (id: AgentId): Promise<AgentSummary> => {
    const [row] = await listAgentOverviews(storage.read, unixSeconds(clock), id);
    if (row === undefined) throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId: id } });
    return toSummary(row);
  };

  return {
    async create(input, origin) {
      const { name, chain, network } = input;
      if (!isNetworkOf(chain, network)) throw unsupported(chain, network, `It has ${networksOf(chain).join(', ')}.`);
      if (!isSupported(chain, network)) {
        const key = `rpc.${chain}.${networkConfigKey(network)}`;
        throw unsupported(chain, network, `Set ${key} to an RPC endpoint and start the daemon again.`);
      }
      if (!keystore.isUnlocked) throw new WaiaasError('KEYSTORE_LOCKED');
      const id = agentId(ids.next());
      // The key file comes first and is durable before the row: a crash in between leaves a file that nobody was told the
      // address of, never an agent without its key (01 §7 row 6).
      const { publicKey } = await keystore.createKey({ agentId: id, chain, network, name });
      try {
        await storage.write(async ({ db, notify }) => {
          const now = unixSeconds(clock);
          await confirmOrigin(db, sealer, origin);
          await refuseWhileLocked(db);
          await insertAgent(db, {
            id,
            name,
            chain,
            network,
            public_key: publicKey,
            status: 'ACTIVE',
            owner_address: null,
            created_at: now,
            updated_at: now,
            suspended_at: null,
            suspension_reason: null,
          });
          // An agent without policies of its own is known to have none.
          await sealPolicySet(db, sealer, id);
          const details = { name, chain, network, publicKey };
          await appendAudit(db, now, { event: 'AGENT_CREATED', agentId: id, ...auditOrigin(origin), details });
          await notify({ event: 'AGENT_CREATED', agentId: id, chain, network, publicKey, by: actorName(origin) });
        });
      } catch (error) {
        await keystore.discardKey(id);
        throw error;
      }
      return summary(id);
    },

    get: summary,

    async list() {
      return (await listAgentOverviews(storage.read, unixSeconds(clock))).map(toSummary);
    },

    async suspend(id, origin) {
      await storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        await confirmOrigin(db, sealer, origin);
        if (!(await moveAgent(db, { id, from: 'ACTIVE', to: 'SUSPENDED', now, reason: 'manual' }))) {
          const row = await findAgent(db, id);
          if (row === undefined) throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId: id } });
          throw new WaiaasError(row.status === 'SUSPENDED' ? 'AGENT_SUSPENDED' : 'AGENT_TERMINATED');
        }
        const details = { reason: 'manual' };
        await appendAudit(db, now, { event: 'AGENT_SUSPENDED', agentId: id, ...auditOrigin(origin), details });
        await notify({ event: 'AGENT_SUSPENDED', agentId: id, reason: 'manual', by: actorName(origin) });
      });
      return summary(id);
    },

    async resume(id, origin) {
      await storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        await confirmOrigin(db, sealer, origin);
        await refuseWhileLocked(db);
        const row = await findAgent(db, id);
        if (row === undefined) throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId: id } });
        if (row.status === 'TERMINATED' || row.status === 'TERMINATING') throw new WaiaasError('AGENT_TERMINATED');
        if (row.status !== 'SUSPENDED') {
          throw new WaiaasError('AGENT_NOT_SUSPENDED', { details: { agentId: id, status: row.status } });
        }
        // A payment would race what is sent to the owner.
        const recall = await findLiveRecall(db, id);
        if (recall !== undefined) throw new WaiaasError('RECALL_IN_PROGRESS', { details: { recallId: recall.id } });
        // What the kill switch stopped, only its recovery starts again.
        if (row.suspension_reason === 'kill_switch') throw new WaiaasError('SYSTEM_LOCKED');
        if (!isAgentAuthentic(db, row)) throw agentNotAuthentic(id);
        await moveAgent(db, { id, from: 'SUSPENDED', to: 'ACTIVE', now, reason: null });
        const details = { suspendedFor: row.suspension_reason };
        await appendAudit(db, now, { event: 'AGENT_ACTIVATED', agentId: id, ...auditOrigin(origin), details });
        await notify({ event: 'AGENT_RESUMED', agentId: id, by: actorName(origin) });
      });
      return summary(id);
    },
  };
}
