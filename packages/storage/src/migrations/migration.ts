import type { Connection } from '../connection.ts';

/** One step of the schema. Once released it never changes; a later step corrects it. */
export interface Migration {
  /** 1, 2, 3, … without gaps. */
  readonly version: number;
  readonly name: string;
  /**
   * True for steps that rebuild a table: foreign keys are switched off around the transaction, because dropping the old
   * table would otherwise delete child rows (01 §2.7).
   */
  readonly rebuildsTables?: boolean;
  /** SQL statements, run in one transaction. */
  readonly sql: string;
  /** What SQL cannot say, run after it in the same transaction. */
  readonly finish?: (connection: Connection) => void;
}
