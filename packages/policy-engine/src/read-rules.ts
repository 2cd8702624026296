/** What every schema of rules can do, whatever the rules are. */
interface RulesSchema<Rules> {
  safeParse(value: unknown): { readonly data?: Rules | undefined };
}

/** Reads stored rules by the schema of their type; null when they are not of the documented form (04 §11). Never throws. */
export function readRules<Rules>(schema: RulesSchema<Rules>, rules: unknown): Rules | null {
  try {
    return schema.safeParse(rules).data ?? null;
  } catch {
    // Stored JSON can be anything; a check that breaks on it has not passed it.
    return null;
  }
}
