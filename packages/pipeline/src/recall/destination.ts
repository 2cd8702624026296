import {
  addressKey,
  agentId as brandAgentId,
  type Chain,
  type OwnerChain,
  type RowSealer,
  WaiaasError,
} from '@waiaas/core';
import type { RequestOrigin } from '@waiaas/management';
import {
  type AgentRow,
  type Db,
  findAgent,
  findAgentByAddress,
  loadOwner,
  loadRecoveryAddresses,
  type TransactionRow,
} from '@waiaas/storage';

/** Whether a wallet of one chain is one of another: an EVM address is the same everywhere. */
const sameKindOfAddress = (one: OwnerChain, other: Chain): boolean => (one === 'solana') === (other === 'solana');

const isSame = (chain: Chain, one: string, other: string): boolean =>
  addressKey(chain, one) === addressKey(chain, other);

/** Whether an address is the wallet of an agent of this daemon: what is sent there does not leave it. */
export const isOwnWallet = async (db: Db, chain: Chain, address: string): Promise<boolean> =>
  (await findAgentByAddress(db, chain, address)) !== undefined;

/** Where an agent's funds may go now. */
export interface Destinations {
  /** The connected owner's own address, which they proved to hold; null when it is of another kind of chain. */
  readonly own: string | null;
  /** The one the same owner has registered for the agent and that is in force. */
  readonly recovery: string | null;
}

/** Reads where an agent's funds may go. An owner or an address that is not authentic is none. */
export async function loadDestinations(
  db: Db,
  sealer: RowSealer,
  agent: Pick<AgentRow, 'id' | 'chain'>,
  now: number,
): Promise<Destinations> {
  const present = await loadOwner(db, sealer);
  // Without an owner nothing is taken anywhere.
  if (present.state !== 'connected') return { own: null, recovery: null };
  const { id: ownerId, chain, address } = present.owner;
  const { active } = await loadRecoveryAddresses(db, sealer, brandAgentId(agent.id), { ownerId, now });
  return {
    own: sameKindOfAddress(chain, agent.chain) ? address : null,
    recovery: active?.address ?? null,
  };
}

/** Whether a wallet is one that an agent's funds may go to. */
export const isAllowed = (chain: Chain, { own, recovery }: Destinations, to: string): boolean =>
  [own, recovery].some((address) => address !== null && isSame(chain, address, to));

/** Whether what a transaction of a recall moves may still go where it goes: the owner may have become another one since. */
export async function isStillAllowed(
  db: Db,
  sealer: RowSealer,
  row: Pick<TransactionRow, 'agent_id' | 'to_address'>,
  now: number,
): Promise<boolean> {
  const agent = await findAgent(db, row.agent_id);
  if (agent === undefined) return false;
  return isAllowed(agent.chain, await loadDestinations(db, sealer, agent, now), row.to_address);
}

/**
 * Refuses destinations that are not the owner's, and those that only the owner may name (00 §3, 08 §2.5.2).
 * @throws WaiaasError DESTINATION_REFUSED, OWNER_AUTH_REQUIRED
 */
export async function assertDestination(
  db: Db,
  sealer: RowSealer,
  request: {
    readonly agent: AgentRow;
    readonly to: string;
    readonly actor: RequestOrigin['actor'];
    readonly now: number;
  },
): Promise<void> {
  const { agent, to, actor, now } = request;
  const refuse = (message: string): WaiaasError =>
    new WaiaasError('DESTINATION_REFUSED', { message, details: { destination: to } });
  if (await isOwnWallet(db, agent.chain, to)) {
    throw refuse('The destination is the wallet of an agent of this daemon.');
  }
  const destinations = await loadDestinations(db, sealer, agent, now);
  if (!isAllowed(agent.chain, destinations, to)) {
    throw refuse(
      'The destination is neither the address of the connected owner nor the recovery address of the agent.',
    );
  }
  const isOwn = destinations.own !== null && isSame(agent.chain, destinations.own, to);
  if (actor.kind !== 'owner' && !isOwn) {
    throw new WaiaasError('OWNER_AUTH_REQUIRED', {
      message: 'Only the owner can have funds sent to another address than the one the owner is connected with.',
    });
  }
}
