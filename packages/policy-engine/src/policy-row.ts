import type { AgentId, PolicyId } from '@waiaas/core';

/** A stored policy as the engine is given it (04 §10). The caller has parsed its JSON and verified its seal. */
export interface PolicyRow {
  readonly id: PolicyId;
  /** Each change of a policy is a new version; decisions name the one they used. */
  readonly version: number;
  /** Null: the policy holds for all agents. */
  readonly agentId: AgentId | null;
  /** As stored; words the engine does not know deny. */
  readonly type: string;
  /** The parsed JSON, or undefined where it could not be parsed. */
  readonly rules: unknown;
  /** Higher is consulted first. */
  readonly priority: number;
  readonly enabled: boolean;
  /** Whether the row's seal was verified (00 §3). */
  readonly authentic: boolean;
}
