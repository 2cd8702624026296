import {
  type AgentId,
  agentId as brandAgentId,
  policyId as brandPolicyId,
  isPolicyId,
  type RowSealer,
} from '@waiaas/core';
import { type CompiledPolicies, compilePolicies, type PolicyRow } from '@waiaas/policy-engine';
import { type Db, type LoadedPolicies, type LoadedPolicy, loadPolicies } from '@waiaas/storage';

/** Rules as they are stored; undefined when they cannot be read. */
export const readRules = (text: string): unknown => {
  try {
    const rules: unknown = JSON.parse(text);
    return rules;
  } catch (error) {
    // Undefined is how the engine is told that rules cannot be read; it then denies.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const toPolicyRow = (row: LoadedPolicy, complete: boolean): PolicyRow => ({
  id: brandPolicyId(row.id),
  version: row.version,
  agentId: row.agent_id === null ? null : brandAgentId(row.agent_id),
  type: row.type,
  rules: readRules(row.rules),
  priority: row.priority,
  enabled: row.enabled === 1,
  authentic: row.authentic && complete,
});

/** A row with an id the daemon never makes was put there by somebody else: the set is not the one that was sealed. */
const sound = (loaded: LoadedPolicies): LoadedPolicies => {
  const policies = loaded.policies.filter((row) => isPolicyId(row.id));
  return { policies, complete: loaded.complete && policies.length === loaded.policies.length };
};

/** What was loaded for a decision. */
export interface PoliciesInForce {
  readonly compiled: CompiledPolicies;
  /** False when policies were removed, added or changed behind the daemon's back: nothing may be allowed then. */
  readonly complete: boolean;
  readonly forged: readonly string[];
}

/** Compiled sets that are kept; one for each agent that is active. */
const CACHE = 2000;

/**
 * Loads the policies of an agent at every decision (04 §10), verifying every seal. Only the compiled form is reused, and
 * only for the very rows, by their seals, that it was compiled from.
 */
export function createPolicyLoader(sealer: RowSealer): (db: Db, agentId: AgentId) => Promise<PoliciesInForce> {
  const compiledBySeals = new Map<string, CompiledPolicies>();
  const compile = (loaded: LoadedPolicies, agentId: AgentId): CompiledPolicies => {
    const reusable = loaded.complete && loaded.policies.every((row) => row.authentic);
    const key = `${agentId} ${loaded.policies.map((row) => `${row.id}:${row.version}:${row.seal}`).join(' ')}`;
    const known = reusable ? compiledBySeals.get(key) : undefined;
    if (known !== undefined) return known;
    const compiled = compilePolicies(
      loaded.policies.map((row) => toPolicyRow(row, loaded.complete)),
      agentId,
    );
    if (reusable) {
      if (compiledBySeals.size >= CACHE) compiledBySeals.clear();
      compiledBySeals.set(key, compiled);
    }
    return compiled;
  };
  return async (db, agentId) => {
    const loaded = sound(await loadPolicies(db, sealer, agentId));
    return {
      compiled: compile(loaded, agentId),
      complete: loaded.complete,
      forged: loaded.policies.filter((row) => !row.authentic).map((row) => row.id),
    };
  };
}
