/** How many wrong master passwords were seen in a row, and until when no further one is evaluated. */
export interface LockoutState {
  /** Consecutive wrong passwords. */
  readonly failures: number;
  /** Unix seconds; null while sign-in is open. */
  readonly lockedUntil: number | null;
}

/** Where the state survives a restart. Implemented by storage. */
export interface LockoutStore {
  load(): Promise<LockoutState>;
  /** Resolves only once the state is durable: a guess is evaluated after it. */
  save(state: LockoutState): Promise<void>;
}
