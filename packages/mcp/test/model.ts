import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { z } from 'zod';
import type { McpConfig } from '../src/config.ts';
import { createServer } from '../src/server.ts';
import { openAgentSession } from '../src/session/agent-session.ts';

const resultSchema = z.looseObject({
  isError: z.boolean().default(false),
  content: z.tuple([z.object({ type: z.literal('text'), text: z.string() })]),
});

/** What a tool answered. */
export interface Told {
  readonly isError: boolean;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The official client, connected to a server in this process. */
export interface Model {
  readonly client: Client;
  /** What the server wrote into its log. */
  readonly log: readonly string[];
  call(tool: string, args?: Record<string, unknown>): Promise<Told>;
  renewIfDue(): Promise<void>;
}

/** Connects a model to a server of this configuration. */
export async function connectModel(config: McpConfig): Promise<Model> {
  const log: string[] = [];
  const report = (line: string): void => void log.push(line);
  const session = openAgentSession(config, report);
  const server = createServer(session, report);
  const client = new Client({ name: 'test', version: '1' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  await client.connect(near);
  return {
    client,
    log,
    renewIfDue: () => session.renewIfDue(),
    async call(name, args = {}) {
      const { isError, content } = resultSchema.parse(await client.callTool({ name, arguments: args }));
      const [{ text }] = content;
      return { isError, text, body: z.record(z.string(), z.unknown()).parse(JSON.parse(text)) };
    },
  };
}
