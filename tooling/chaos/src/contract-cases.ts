import { readFileSync } from 'node:fs';
import { WAIaaSError } from '@waiaas/sdk';
import { z } from 'zod';

/* What every SDK is held to: tooling/chaos/contract-cases.json, which the Python SDK reads, too. */

const objectSchema = z.record(z.string(), z.unknown());
const caseSchema = z.strictObject({
  call: z.string(),
  id: z.string().optional(),
  request: objectSchema.optional(),
  query: objectSchema.optional(),
  answer: objectSchema.optional(),
  error: objectSchema.optional(),
});
/** One call, and what comes of it. */
export type ContractCase = z.infer<typeof caseSchema>;

const fileSchema = z.strictObject({
  about: z.string(),
  limits: objectSchema,
  agent: z.array(caseSchema).min(20),
  operator: z.array(caseSchema).min(14),
});

/** The cases, by the client that makes the calls. */
export const contractCases = fileSchema.parse(
  JSON.parse(readFileSync(new URL('../contract-cases.json', import.meta.url), 'utf8')),
);

/** Puts what is there in place of `$names`. */
export const filled = (one: ContractCase, names: Readonly<Record<string, () => string>>): ContractCase =>
  caseSchema.parse(
    JSON.parse(
      JSON.stringify(one).replaceAll(/\$([a-z]+)/g, (_, name: string) => names[name]?.() ?? `unknown ${name}`),
    ),
  );

/** Makes the call and answers what came of it: an answer, or what an error says of itself. */
export async function made(client: object, { call, id, request, query }: ContractCase): Promise<unknown> {
  const method: unknown = Reflect.get(client, call);
  if (typeof method !== 'function') throw new Error(`There is no method ${call}`);
  try {
    const answer: unknown = await Reflect.apply(
      method,
      client,
      [id ?? request ?? query].filter((one) => one !== undefined),
    );
    return { answer };
  } catch (error) {
    if (!(error instanceof WAIaaSError)) throw error;
    const { code, statusCode, retryable, details } = error;
    return { error: { code, statusCode, retryable, details } };
  }
}

/** Whether what came holds all that was expected; `*` is anything but nothing. */
export function holds(found: unknown, expected: unknown): boolean {
  if (expected === '*') return found !== undefined && found !== null && found !== '';
  if (Array.isArray(expected))
    return Array.isArray(found) && found.length === expected.length && expected.every((one, i) => holds(found[i], one));
  if (typeof expected !== 'object' || expected === null) return found === expected;
  return (
    typeof found === 'object' &&
    found !== null &&
    Object.entries(expected).every(([key, value]) => holds(Reflect.get(found, key), value))
  );
}
