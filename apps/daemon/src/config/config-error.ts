/** One thing wrong with the configuration. */
export interface ConfigIssue {
  /** Dotted key, or the file, that is at fault. */
  readonly key: string;
  /** Where the value came from: `config.toml`, a variable or a flag. */
  readonly source: string;
  /** For people; never holds a secret value. */
  readonly message: string;
}

/** The configuration cannot be used; the command ends with exit code 1 (01 §1.3). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    super(issues.map((issue) => issue.message).join('\n'));
    this.issues = issues;
  }
}
