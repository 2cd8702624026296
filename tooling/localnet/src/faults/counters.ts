/** A signature the node accepted through sendTransaction. */
export interface AcceptedSignature {
  readonly signature: string;
  /** How often the same transaction was accepted. */
  readonly times: number;
}

/** What was asked of the node. */
export interface Counters {
  countCall(method: string): void;
  countAccepted(signature: string): void;
  /** Calls received for each method, those that a fault swallowed included. */
  calls(): Readonly<Record<string, number>>;
  /** Distinct signatures in order of first acceptance. */
  accepted(): readonly AcceptedSignature[];
  reset(): void;
}

export function createCounters(): Counters {
  const calls = new Map<string, number>();
  const accepted = new Map<string, number>();
  return {
    countCall: (method) => void calls.set(method, (calls.get(method) ?? 0) + 1),
    countAccepted: (signature) => void accepted.set(signature, (accepted.get(signature) ?? 0) + 1),
    calls: () => Object.fromEntries(calls),
    accepted: () => [...accepted].map(([signature, times]) => ({ signature, times })),
    reset() {
      calls.clear();
      accepted.clear();
    },
  };
}
