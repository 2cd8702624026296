import type { AgentId } from '@waiaas/core';

/** How long a recovery address waits before it counts, Unix seconds. */
const DAY = 86_400;

/** A recall that somebody has asked for, whatever came of the request. */
export interface AskedRecall {
  readonly agentId: AgentId;
  readonly destination: string;
  readonly includeUnlisted: boolean;
  readonly keepGas: boolean;
  /** Whether it may be granted; null as long as the request is under way. */
  mayBe: boolean | null;
  /** Which one it has become. */
  id: string | null;
}

/** A wallet that an owner has registered, as far as anybody outside of the daemon knows. */
export interface Registered {
  readonly agentId: AgentId;
  readonly address: string;
  /** Counts not before that, Unix seconds. */
  readonly from: number;
  /** Counts for sure from then on; null where the answer got lost. */
  surelyFrom: number | null;
}

/** Which wallets an agent's funds may go to beside the owner's own. Written without a look at the daemon's code. */
export interface RecoveryModel {
  /** Somebody registers an address. Answers what to call once it is done. */
  register(agentId: AgentId, address: string, now: number): (now: number) => void;
  /** The owner is another one, or gone: what was registered counts no more. */
  clear(): void;
  /** @param since Unix seconds, the earliest moment in question; `until` the latest */
  mayGoTo(agentId: AgentId, address: string, moment: { readonly since: number; readonly until: number }): boolean;
  /** What may be named now. */
  named(agentId: AgentId): readonly string[];
  /** All that is registered. Handed to `restore`, it is that again, and nobody knows whether it was all. */
  copy(): readonly Registered[];
  restore(before: readonly Registered[]): void;
}

/** Makes it, with nothing registered. */
export function createRecoveryModel(): RecoveryModel {
  let all: Registered[] = [];
  const of = (agentId: AgentId): Registered[] => all.filter((each) => each.agentId === agentId);
  return {
    register(agentId, address, now) {
      const registered: Registered = { agentId, address, from: now + DAY, surelyFrom: null };
      all.push(registered);
      return (at) => {
        registered.surelyFrom = at + DAY;
      };
    },
    clear() {
      all = [];
    },
    mayGoTo: (agentId, address, { since, until }) =>
      of(agentId).some((each, index, every) => {
        const isReplaced = every.slice(index + 1).some(({ surelyFrom }) => surelyFrom !== null && surelyFrom <= since);
        return each.address === address && each.from <= until && !isReplaced;
      }),
    named: (agentId) => of(agentId).map(({ address }) => address),
    copy: () => [...all],
    restore(before) {
      all = before.map((each) => ({ ...each, surelyFrom: null }));
    },
  };
}
