import { setTimeout as delay } from 'node:timers/promises';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import * as z from 'zod';
import { ConfigError, type McpConfig, readConfig } from './config.ts';
import { createServer } from './server.ts';
import { type AgentSession, openAgentSession } from './session/agent-session.ts';

/** What the server needs of its process. */
export type Host = Pick<NodeJS.Process, 'env' | 'stdin' | 'stdout' | 'stderr' | 'exit' | 'on'>;

/** How often it is looked whether the session has to be renewed; looking sends nothing. */
const RENEWAL_LOOK_MS = 30_000;
/** How long what is under way may take once the client has gone. */
const FAREWELL_MS = 1_500;

/**
 * Runs the server over standard input and output until the client closes them. Standard output carries the protocol and
 * nothing else; what is to be told to people goes to standard error, never with a token in it.
 *
 * Ends with exit code 1 when it is not configured, 0 when the client has gone.
 */
export async function main(host: Host): Promise<void> {
  // To compile a schema takes longer than it saves for the few messages of a conversation.
  z.config({ jitless: true });
  const report = (line: string): void => void host.stderr.write(`waiaas-mcp: ${line}\n`);
  const session = openSession(host, report);
  if (session === null) return host.exit(1);

  const server = createServer(session, report);
  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    clearInterval(renewals);
    // A client may close its side at once after its last request, and still read.
    await Promise.race([session.settled(), delay(FAREWELL_MS)]);
    await Promise.race([new Promise((written) => host.stdout.write('', written)), delay(FAREWELL_MS / 5)]);
    host.exit(0);
  };
  const renewals = setInterval(
    () =>
      void session.renewIfDue().catch((error: unknown) => {
        report(`The session could not be renewed (${error instanceof Error ? error.name : 'unknown error'}).`);
      }),
    RENEWAL_LOOK_MS,
  );
  host.stdin.on('end', () => void end());
  host.stdin.on('close', () => void end());
  // Nobody reads any more.
  host.stdout.on('error', () => host.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) host.on(signal, () => void end());
  server.onclose = () => void end();
  await server.connect(new StdioServerTransport(host.stdin, host.stdout));
}

function openSession({ env }: Host, report: (line: string) => void): AgentSession | null {
  try {
    const config: McpConfig = readConfig(env);
    return openAgentSession(config, report);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    report(error.message);
    return null;
  }
}
