/** One line of the table. */
export interface Figure {
  readonly id: string;
  readonly name: string;
  /** For people. */
  readonly value: string;
  /** For programs. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly target: string;
  readonly met: boolean;
}

/** How much time a measurement may take. */
export interface Effort {
  /** Seconds of one round of load. */
  readonly seconds: number;
  readonly rounds: number;
  /** Payments of one measurement. */
  readonly payments: number;
  /** Rows of the long history. */
  readonly history: number;
  /** How often the kill switch is engaged. */
  readonly activations: number;
}

export const FULL: Effort = { seconds: 4, rounds: 5, payments: 3000, history: 1_000_000, activations: 100 };
export const QUICK: Effort = { seconds: 2, rounds: 3, payments: 800, history: 100_000, activations: 30 };
