import type { OwnerChain } from '@waiaas/core';

/** Who changed something, as audit rows name it. */
export interface RequestOrigin {
  readonly actor:
    | { readonly kind: 'operator' }
    | { readonly kind: 'agent'; readonly agentId: string; readonly sessionId: string }
    /** The owner, from the paired chat: may look and stop, and nothing else. */
    | { readonly kind: 'telegram'; readonly chatId: string }
    | OwnerActor;
  readonly ip?: string;
  /**
   * Asks once more whether the password or operator token that let the request in still holds. Called inside the unit of
   * work: it may have ended since the request began; and whether a chat is still the paired one. Does nothing where there
   * is nothing of the kind.
   * @throws WaiaasError INVALID_MASTER_PASSWORD, INVALID_OPERATOR_TOKEN, UNAUTHORIZED
   */
  readonly confirmCredential: () => void;
}

/** The owner, with the text that was signed: evidence that can be verified again at any time. */
export interface OwnerActor {
  readonly kind: 'owner';
  readonly chain: OwnerChain;
  /** Canonical. */
  readonly address: string;
  readonly message: string;
  readonly signature: string;
}

/** The `actor` of an audit row (01 §2.3). */
export function actorName({ actor }: RequestOrigin): string {
  switch (actor.kind) {
    case 'agent':
      return `agent:${actor.agentId}`;
    case 'owner':
      return `owner:${actor.address}`;
    case 'operator':
      return 'operator';
    case 'telegram':
      return 'owner_telegram';
  }
}

/** Fields of an audit row that say where a change came from, and what the owner signed for it. */
export const auditOrigin = (origin: RequestOrigin) => ({
  actor: actorName(origin),
  ...(origin.ip === undefined ? {} : { ip: origin.ip }),
  ...(origin.actor.kind === 'owner'
    ? { evidence: { message: origin.actor.message, signature: origin.actor.signature } }
    : {}),
});
