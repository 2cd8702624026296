import { validationError } from '@waiaas/core';
import { z } from 'zod';
import { validationIssues } from '../errors/validation-issues.ts';

const zodSchema = (schema: unknown): z.ZodType => {
  if (schema instanceof z.ZodType) return schema;
  throw new TypeError('A route schema must be a zod schema');
};

/** Validates a part of a request by its zod schema; what comes out is what the handler sees, defaults filled in. */
export const validatorCompiler = ({ schema }: { readonly schema: unknown }) => {
  const known = zodSchema(schema);
  return (data: unknown) => {
    const result = known.safeParse(data);
    return result.success ? { value: result.data } : { error: validationError(validationIssues(result.error)) };
  };
};

/** A handler returned something that is not what its route documents. Never shown to a client. */
export class ResponseSchemaError extends Error {
  override readonly name = 'ResponseSchemaError';
}

/**
 * Writes an answer by its zod schema: what the schema does not name is left out, and an answer that does not fit is not
 * sent at all (06 §9 no. 22).
 */
export const serializerCompiler = ({
  schema,
  method,
  url,
}: {
  readonly schema: unknown;
  readonly method: string;
  readonly url: string;
}) => {
  const known = zodSchema(schema);
  return (data: unknown): string => {
    const result = known.safeParse(data);
    if (result.success) return JSON.stringify(result.data);
    const issues = validationIssues(result.error).map(({ path, code }) => `${path} ${code}`);
    throw new ResponseSchemaError(`The answer of ${method} ${url} does not fit its schema: ${issues.join(', ')}`);
  };
};
