import { type AgentId, WaiaasError } from '@waiaas/core';

declare const opaque: unique symbol;
/**
 * Leave to make one signature, for one agent and one intent, while the gate stays as it was. An object without content:
 * what it permits is known only to the keystore that issued it, so a copy of it is worth nothing (00 §3).
 */
export interface SigningPermit {
  readonly [opaque]: 'SigningPermit';
}

/** What a permit is asked for. */
export interface PermitRequest {
  readonly agentId: AgentId;
  /** Hash of the intent whose execution was decided and committed. */
  readonly intentHash: string;
  /** Epoch of the gate while it was decided. What has been closed since, also when it was opened again, needs a new decision. */
  readonly epoch: number;
}

/** Issues permits. Belongs into the pipeline's claim step and nowhere else. */
export interface PermitMint {
  /** @throws WaiaasError SYSTEM_LOCKED while the gate is closed, and when it was closed since the decision */
  mint(request: PermitRequest): SigningPermit;
  /** Takes a permit back: what it was for has ended. Does nothing for one that is used up. */
  revoke(permit: SigningPermit): void;
}

/**
 * The kill switch's hold on signatures (09 no. 6). A new gate is closed: whoever builds the daemon opens it once the
 * kill switch is known to be NORMAL. `close` needs no wait: checking the gate and signing are one synchronous step, so
 * once it has returned no signature is made.
 */
export interface SigningGate {
  /** Moves on with every open and close; a permit is only good in the epoch it was minted in. */
  readonly epoch: number;
  readonly isOpen: boolean;
  /** Forbids signatures and voids every permit issued so far. */
  close(): void;
  /** Allows signatures again, with permits minted from now on. */
  open(): void;
}

/** What the keystore itself keeps. */
export interface PermitBook {
  readonly permits: PermitMint;
  readonly gate: SigningGate;
  /** Uses a permit up, whatever comes of it. Undefined for anything that is not an unused permit of this book. */
  consume(permit: unknown): IssuedPermit | undefined;
  /** @throws WaiaasError SYSTEM_LOCKED unless the gate is open and in the epoch of the permit */
  assertCurrent(issued: IssuedPermit): void;
  /** Voids every permit issued so far. */
  voidAll(): void;
}

/** What a permit permits. */
export type IssuedPermit = PermitRequest;

/** The mint, the gate and the record of unused permits of one keystore. */
export function createPermitBook(): PermitBook {
  let epoch = 0;
  let isOpen = false;
  let unused = new WeakMap<object, IssuedPermit>();

  function assertCurrent(issued: IssuedPermit): void {
    if (!isOpen || issued.epoch !== epoch) throw new WaiaasError('SYSTEM_LOCKED');
  }

  function consume(permit: unknown): IssuedPermit | undefined {
    if (typeof permit !== 'object' || permit === null) return undefined;
    const issued = unused.get(permit);
    unused.delete(permit);
    return issued;
  }

  const permits: PermitMint = {
    mint({ agentId, intentHash, epoch: decided }) {
      if (typeof intentHash !== 'string' || intentHash === '') throw new TypeError('A permit needs an intent hash');
      const issued: IssuedPermit = { agentId, intentHash, epoch: decided };
      assertCurrent(issued);
      const permit: SigningPermit = Object.freeze(Object.create(null));
      unused.set(permit, issued);
      return permit;
    },
    revoke: (permit) => void consume(permit),
  };
  const gate: SigningGate = {
    get epoch() {
      return epoch;
    },
    get isOpen() {
      return isOpen;
    },
    close() {
      isOpen = false;
      epoch += 1;
    },
    open() {
      isOpen = true;
      epoch += 1;
    },
  };
  return {
    permits: Object.freeze(permits),
    gate: Object.freeze(gate),
    consume,
    assertCurrent,
    voidAll() {
      unused = new WeakMap();
    },
  };
}
