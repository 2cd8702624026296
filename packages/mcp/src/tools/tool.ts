import { z } from 'zod';
import { type Failure, ToolError } from '../answer.ts';
import type { AgentSession } from '../session/agent-session.ts';
import { untrusted } from '../untrusted.ts';

/** What a tool works with. */
export interface ToolContext {
  readonly session: AgentSession;
  /** Ends the call when the model's client gives up. */
  readonly signal: AbortSignal;
}

/** What a tool does to the world, as MCP has words for it. */
export interface ToolAnnotations {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

/** A JSON schema of an object. */
export interface ObjectSchema {
  readonly [key: string]: unknown;
  readonly type: 'object';
}

/** A tool as the server offers it. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly inputSchema: ObjectSchema;
  /** @throws ToolError for arguments that are not of the schema; WAIaaSError */
  call(args: unknown, context: ToolContext): Promise<unknown>;
}

/** A tool as its file describes it. */
export interface ToolDefinition<Shape extends z.ZodRawShape> {
  readonly name: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  /** Fields of the arguments; others are refused, so that a misspelt one cannot vanish. */
  readonly input: Shape;
  readonly call: (input: z.output<z.ZodObject<Shape>>, context: ToolContext) => Promise<unknown>;
}

/** For tools that only read. */
export const reads = (title: string): ToolAnnotations => ({
  title,
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: true,
});

const objectSchema = z.looseObject({ type: z.literal('object') });

/** Makes a tool of its description. Its JSON schema is made when a client first asks for the tools, after the start. */
export function defineTool<Shape extends z.ZodRawShape>({ input, call, ...rest }: ToolDefinition<Shape>): Tool {
  const schema = z.strictObject(input);
  let inputSchema: ObjectSchema | undefined;
  return {
    ...rest,
    get inputSchema() {
      if (inputSchema !== undefined) return inputSchema;
      const { $schema: _dialect, ...made } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
      inputSchema = objectSchema.parse(made);
      return inputSchema;
    },
    async call(args, context) {
      const parsed = schema.safeParse(args ?? {});
      if (!parsed.success) throw new ToolError(invalid(parsed.error));
      return call(parsed.data, context);
    },
  };
}

const invalid = ({ issues }: z.ZodError): Failure => ({
  error: true,
  code: 'VALIDATION_ERROR',
  message: 'The arguments are not of the documented form; nothing was sent.',
  retryable: false,
  details: issues.slice(0, 10).map(({ path, message }) => ({ path: path.join('.'), problem: untrusted(message) })),
});
