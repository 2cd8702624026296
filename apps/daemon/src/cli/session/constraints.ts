import { type SessionConstraints, sessionConstraintsSchema } from '@waiaas/core';
import { usageError } from '../usage-error.ts';

/**
 * Reads `--constraints`. Checked here by the schema the API uses, so that a misspelt limit is told apart before anything is
 * sent.
 * @throws CliError
 */
export function parseConstraints(text: string): SessionConstraints {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw usageError('--constraints must be JSON.');
    throw error;
  }
  const parsed = sessionConstraintsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'constraints'}: ${issue.message}`);
  throw usageError(`--constraints are not valid: ${problems.join('; ')}.`);
}
