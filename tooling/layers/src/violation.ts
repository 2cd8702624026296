/** The rules, by the name the report gives them. */
export type Rule =
  /** A workspace folder that the layer table does not know, or whose package name does not follow from it. */
  | 'unknown-package'
  /** package.json names a package of ours that stands in the same layer or above. */
  | 'manifest'
  /** A relative import leaves the package. */
  | 'outside'
  /** An import of a package that package.json does not name (for code that ships: not in `dependencies`). */
  | 'undeclared'
  /** An import of a package of ours in the same layer or above. */
  | 'layer'
  /** An import of a package of ours past its `exports`. */
  | 'entry'
  /** Code that ships imports a test, or a file of `test/`. */
  | 'test-code'
  /** An import whose target is computed, so that nobody can check it. */
  | 'computed'
  /** `process.env` outside the daemon and the tools. */
  | 'environment'
  /** The system's clock instead of an injected one. */
  | 'clock'
  /** `Math.random` instead of an injected source. */
  | 'randomness'
  /** A signature made outside the keystore. */
  | 'signing';

/** One place that breaks a rule. */
export interface Violation {
  readonly rule: Rule;
  /** Relative to the root. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}
