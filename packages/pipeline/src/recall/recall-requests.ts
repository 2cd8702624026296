import {
  type AgentId,
  type Chain,
  isChainError,
  isoFromSeconds,
  isSweeper,
  recallId as makeRecallId,
  type Network,
  type RecallId,
  type RecallRequest,
  type RecallResponse,
  type RecoveryAddressResponse,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { actorName, auditOrigin, confirmOrigin, type RequestOrigin } from '@waiaas/management';
import { cancelWaiting, type Ending } from '@waiaas/safety';
import {
  type AgentRow,
  appendAudit,
  appendRecoveryAddress,
  type Db,
  findAgent,
  findLiveRecall,
  findRecall,
  insertRecall,
  listRecallsOfAgent,
  loadOwner,
  loadRecoveryAddresses,
  moveAgent,
  readState,
} from '@waiaas/storage';
import type { PipelineDependencies } from '../dependencies.ts';
import { assertDestination, isOwnWallet } from './destination.ts';
import { recallView } from './recall-view.ts';

/** How long a new recovery address waits before it counts, seconds: time to notice that somebody else registered it. */
const RECOVERY_ADDRESS_WAIT = 86_400;
const RECALLED: Ending = { code: 'AGENT_SUSPENDED', token: 'AGENT_RECALLED', actor: 'system' };
/** Recalls that one list shows. */
const LISTED = 50;

/** Asking for recalls, and saying where they may go (08 §2.5). */
export interface RecallRequests {
  /**
   * Asks for an agent's funds. In the same step the agent is suspended, and stays so, and what it has waiting is cancelled, so
   * that no payment is in the way of the sweep.
   * @throws WaiaasError AGENT_NOT_FOUND, AGENT_TERMINATING, RECALL_IN_PROGRESS, DESTINATION_REFUSED, OWNER_AUTH_REQUIRED,
   *   INVALID_ADDRESS, CHAIN_NOT_SUPPORTED, SYSTEM_LOCKED
   */
  request(agentId: AgentId, input: RecallRequest, origin: RequestOrigin): Promise<RecallId>;
  /** @throws WaiaasError RECALL_NOT_FOUND */
  get(id: RecallId): Promise<RecallResponse>;
  /** Recalls of an agent, newest first. @throws WaiaasError AGENT_NOT_FOUND */
  list(agentId: AgentId): Promise<readonly RecallResponse[]>;
  /** @throws WaiaasError AGENT_NOT_FOUND */
  recoveryAddress(agentId: AgentId): Promise<RecoveryAddressResponse>;
  /**
   * Registers where an agent's funds may go beside the owner's own address. It counts a day later; until then, the one before.
   * @throws WaiaasError AGENT_NOT_FOUND, INVALID_ADDRESS, DESTINATION_REFUSED also for what cannot be paid, CHAIN_ERROR when
   *   that cannot be told now, OWNER_AUTH_REQUIRED
   */
  setRecoveryAddress(agentId: AgentId, address: string, origin: RequestOrigin): Promise<RecoveryAddressResponse>;
}

/** Makes what asks for recalls. */
export function createRecallRequests(
  dependencies: Pick<PipelineDependencies, 'storage' | 'adapters' | 'sealer' | 'clock' | 'ids'>,
): RecallRequests {
  const { storage, adapters, sealer, clock, ids } = dependencies;

  const agentOf = async (db: Db, id: AgentId): Promise<AgentRow> => {
    const agent = await findAgent(db, id);
    if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId: id } });
    return agent;
  };

  function checkAddress({ chain, network }: { readonly chain: Chain; readonly network: Network }, to: string): void {
    const adapter = adapters.find(chain, network);
    if (adapter === undefined) throw new WaiaasError('CHAIN_NOT_SUPPORTED', { details: { chain, network } });
    if (!adapter.isValidAddress(to)) throw new WaiaasError('INVALID_ADDRESS', { details: { chain, address: to } });
  }

  /**
   * Asks the chain whether an address can be paid at all: a token account, a contract of a token or an address that nobody has
   * a key of would be found out when the funds are needed (08 §2.5.2).
   */
  async function checkPayable(agent: AgentRow, to: string): Promise<void> {
    const adapter = adapters.find(agent.chain, agent.network);
    if (adapter === undefined || !isSweeper(adapter)) return;
    try {
      await adapter.quoteSweep({ from: agent.public_key, to, keep: 0n });
    } catch (error) {
      if (!isChainError(error)) throw error;
      if (error.code === 'INVALID_ADDRESS') {
        const message = `The address cannot be paid: ${error.message}.`;
        throw new WaiaasError('DESTINATION_REFUSED', { message, details: { destination: to } });
      }
      // What is wrong with the wallet or the prices of the moment says nothing about the address, which was looked at before.
      if (error.recovery !== 'TRANSIENT') return;
      throw new WaiaasError('CHAIN_ERROR', {
        message: 'The chain cannot be asked now whether that address can be paid.',
        details: { chainCode: error.code },
        cause: error,
      });
    }
  }

  async function addresses(db: Db, agentId: AgentId, now: number): Promise<RecoveryAddressResponse> {
    const owner = await loadOwner(db, sealer);
    if (owner.state !== 'connected') return { agentId, address: null, next: null };
    const { active, next } = await loadRecoveryAddresses(db, sealer, agentId, { ownerId: owner.owner.id, now });
    return {
      agentId,
      address: active?.address ?? null,
      next: next === null ? null : { address: next.address, activeFrom: isoFromSeconds(next.active_from) },
    };
  }

  return {
    async request(agentId, input, origin) {
      checkAddress(await agentOf(storage.read, agentId), input.destination);
      const id = makeRecallId(ids.next());
      await storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        await confirmOrigin(db, sealer, origin);
        if ((await readState(db, 'kill_switch_status')) !== 'NORMAL') throw new WaiaasError('SYSTEM_LOCKED');
        const agent = await agentOf(db, agentId);
        // Its end takes everything by itself; two sweeps would be in each other's way.
        if (agent.status === 'TERMINATING') throw new WaiaasError('AGENT_TERMINATING');
        const live = await findLiveRecall(db, agentId);
        if (live !== undefined) throw new WaiaasError('RECALL_IN_PROGRESS', { details: { recallId: live.id } });
        const { actor } = origin;
        await assertDestination(db, sealer, { agent, to: input.destination, actor, now });
        if (!input.keepGas && actor.kind !== 'owner') {
          throw new WaiaasError('OWNER_AUTH_REQUIRED', {
            message: 'Only the owner can give up what moving the rest would cost.',
          });
        }
        if (await moveAgent(db, { id: agentId, from: 'ACTIVE', to: 'SUSPENDED', now, reason: 'manual' })) {
          const details = { reason: 'manual', recallId: id };
          await appendAudit(db, now, { event: 'AGENT_SUSPENDED', agentId, ...auditOrigin(origin), details });
        }
        const transactionsCancelled = await cancelWaiting(db, sealer, now, RECALLED, agentId);
        await insertRecall(db, sealer, {
          ...{ id, agent_id: agentId, kind: 'MANUAL', destination: input.destination },
          ...{ include_unlisted: input.includeUnlisted ? 1 : 0, keep_gas: input.keepGas ? 1 : 0 },
          ...{ requested_by: actorName(origin), created_at: now },
        });
        const details = { recallId: id, kind: 'MANUAL', ...input, transactionsCancelled };
        await appendAudit(db, now, { event: 'RECALL_REQUESTED', agentId, ...auditOrigin(origin), details });
        const { destination } = input;
        await notify({ event: 'RECALL_REQUESTED', recallId: id, agentId, destination, by: actorName(origin) });
      });
      return id;
    },

    async get(id) {
      const row = await findRecall(storage.read, id);
      if (row === undefined) throw new WaiaasError('RECALL_NOT_FOUND', { details: { recallId: id } });
      return recallView(storage.read, row);
    },

    async list(agentId) {
      await agentOf(storage.read, agentId);
      const rows = await listRecallsOfAgent(storage.read, agentId, LISTED);
      return Promise.all(rows.map((row) => recallView(storage.read, row)));
    },

    async recoveryAddress(agentId) {
      await agentOf(storage.read, agentId);
      return addresses(storage.read, agentId, unixSeconds(clock));
    },

    async setRecoveryAddress(agentId, address, origin) {
      const holder = await agentOf(storage.read, agentId);
      checkAddress(holder, address);
      await checkPayable(holder, address);
      return storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        await confirmOrigin(db, sealer, origin);
        if (origin.actor.kind !== 'owner') throw new WaiaasError('OWNER_AUTH_REQUIRED');
        const owner = await loadOwner(db, sealer);
        if (owner.state !== 'connected') throw new WaiaasError('OWNER_NOT_CONNECTED');
        const agent = await agentOf(db, agentId);
        if (await isOwnWallet(db, agent.chain, address)) {
          throw new WaiaasError('DESTINATION_REFUSED', {
            message: 'The address is the wallet of an agent of this daemon.',
            details: { destination: address },
          });
        }
        const activeFrom = now + RECOVERY_ADDRESS_WAIT;
        await appendRecoveryAddress(db, sealer, {
          ...{ agent_id: agentId, address, owner_id: owner.owner.id, active_from: activeFrom, created_at: now },
          actor: actorName(origin),
        });
        await appendAudit(db, now, {
          ...{ event: 'RECOVERY_ADDRESS_SET', agentId, severity: 'warning', ...auditOrigin(origin) },
          details: { address, activeFrom: isoFromSeconds(activeFrom) },
        });
        await notify({
          ...{ event: 'RECOVERY_ADDRESS_SET', agentId, address, by: actorName(origin) },
          activeFrom: isoFromSeconds(activeFrom),
        });
        return addresses(db, agentId, now);
      });
    },
  };
}
