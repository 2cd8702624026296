import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  isoTime,
  isUuidV7,
  SESSION_TTL_MAX,
  SESSION_TTL_MIN,
  type SessionCreate,
  sessionCreateResponseSchema,
  systemClock,
} from '@waiaas/core';
import type { Command } from 'commander';
import { writeFileAtomically } from '../../data-dir/index.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { isSystemError } from '../../system-error.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, localDaemon, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { type AiClient, aiClients } from '../mcp/ai-clients.ts';
import { applyChange, planChange } from '../mcp/client-config.ts';
import { type ServerEntry, serverEntry } from '../mcp/server-entry.ts';
import { facts, jsonLine } from '../output.ts';
import { type Handle, wholeNumber, withPasswordOptions } from '../program.ts';
import { parseConstraints } from '../session/constraints.ts';
import { findToken } from '../session/token-source.ts';
import { usageError } from '../usage-error.ts';

interface SetupOptions extends PasswordFlags {
  readonly agentId?: string;
  readonly expiresIn?: string;
  readonly constraints?: string;
  readonly tokenFile?: string;
  readonly client?: readonly string[];
  readonly name: string;
  readonly serverFile?: string;
  readonly print?: boolean;
}

/** `waiaas mcp setup` (06 §7.5). */
export function mcpSetupCommand(group: Command, handle: Handle): void {
  const setup = group
    .command('setup')
    .description('let AI tools use the wallet of an agent: open a session and write their settings')
    .option('--agent-id <id>', 'open a session for this agent and keep its token in the token file')
    .option(
      '--expires-in <seconds>',
      `life of that session, ${SESSION_TTL_MIN} to ${SESSION_TTL_MAX}; it renews itself (default: ${SESSION_TTL_MAX})`,
    )
    .option('--constraints <json>', 'what that session may do at most, such as {"maxAmountPerTx":"1000000000"}')
    .option('--token-file <path>', 'file of the session token (default: in the data directory)')
    .option('--client <name...>', 'AI tools to set up: claude-desktop, claude-code, cursor, vscode, windsurf')
    .option('--name <name>', 'name of the server in their settings', 'waiaas-wallet')
    .option('--server-file <path>', 'start this file of @waiaas/mcp instead of fetching it with npx')
    .option('--print', 'print the settings and change nothing');
  handle<SetupOptions>(withPasswordOptions(setup), setUp);
}

async function setUp(context: CommandContext, options: SetupOptions): Promise<ExitCode> {
  const { io, json } = context;
  const { agentId } = options;
  if (agentId !== undefined && !isUuidV7(agentId)) {
    throw usageError('--agent-id must be the id of an agent, as "waiaas agent list" shows it.');
  }
  if (agentId === undefined && (options.expiresIn ?? options.constraints) !== undefined) {
    throw usageError('--expires-in and --constraints are for a new session: name its agent with --agent-id.');
  }
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(options.name)) throw usageError('--name must be letters, digits, - and _.');
  const tokenFile = tokenFileOf(context, options);
  const { config, state } = localDaemon(context);
  const entry = serverEntry({
    platform: process.platform,
    tokenFile,
    port: (state.state === 'running' ? state.port : null) ?? config.daemon.port,
    serverFile: serverFileOf(options),
  });
  if (options.print === true) return print(context, options, entry);

  // Everything that can be refused is refused before anything is done.
  const changes = chosenClients(context, options).map((client) => planChange(client, options.name, entry));
  checkTokenFile(tokenFile, agentId, io.env);
  const session = agentId === undefined ? null : await openSession(context, options, agentId);
  if (session !== null) keepToken(tokenFile, session.token);

  const stamp = isoTime(systemClock.now()).replace(/[:.]/g, '-');
  const clients = changes.map((change) => {
    const changed = change.before !== change.after;
    const backup = changed ? applyChange(change, stamp) : null;
    return { client: change.client, path: change.path, changed, backup };
  });
  if (json) {
    io.out(
      jsonLine({
        name: options.name,
        tokenFile,
        ...(session === null ? {} : { sessionId: session.sessionId, expiresAt: session.expiresAt }),
        clients: clients.map(({ client, ...rest }) => ({ client: client.id, ...rest })),
      }),
    );
    return EXIT.SUCCESS;
  }
  io.out(
    facts([
      ...(session === null
        ? []
        : ([
            ['Session', session.sessionId],
            ['Expires', session.expiresAt],
          ] as const)),
      ['Token', tokenFile],
      ...clients.map(({ client, path, changed }) => [client.title, changed ? path : `${path} (as it was)`] as const),
      ...clients.flatMap(({ backup }) => (backup === null ? [] : [['Before', backup] as const])),
    ]),
  );
  io.err(
    'Restart the AI tools. They can pay within the limits of the session and the policies, and do nothing else.\n',
  );
  return EXIT.SUCCESS;
}

function print({ io }: CommandContext, { name, client }: SetupOptions, entry: ServerEntry): ExitCode {
  const servers = client?.length === 1 && client[0] === 'vscode' ? 'servers' : 'mcpServers';
  io.out(`${JSON.stringify({ [servers]: { [name]: entry } }, null, 2)}\n`);
  return EXIT.SUCCESS;
}

function tokenFileOf({ dataDir }: CommandContext, { agentId, tokenFile }: SetupOptions): string {
  if (tokenFile !== undefined) return resolve(tokenFile);
  if (agentId !== undefined) return join(resolve(dataDir), 'mcp', `${agentId}.token`);
  throw usageError('Name the agent with --agent-id, or a file that holds a session token with --token-file.');
}

function serverFileOf({ serverFile }: SetupOptions): string | undefined {
  if (serverFile === undefined) return undefined;
  const path = resolve(serverFile);
  if (existsSync(path)) return path;
  throw usageError(`There is no file ${path} (from --server-file).`);
}

function chosenClients({ io }: CommandContext, { client: wanted }: SetupOptions): readonly AiClient[] {
  const all = aiClients({ platform: process.platform, home: io.home, env: io.env });
  if (wanted !== undefined) {
    return [...new Set(wanted)].map((id) => {
      const client = all.find((known) => known.id === id);
      if (client !== undefined) return client;
      throw usageError(`--client must be one of ${all.map((known) => known.id).join(', ')}.`);
    });
  }
  const installed = all.filter((client) => client.installed);
  if (installed.length > 0) return installed;
  throw new CliError({
    code: 'NO_AI_CLIENT',
    message: `None of the AI tools that are known is installed for this user: ${all.map(({ title }) => title).join(', ')}.`,
    hint: 'Name one with --client, or print the settings with --print.',
    exitCode: EXIT.FAILURE,
  });
}

/** A file that is there must hold a session token: it is to be used, or to be replaced. */
function checkTokenFile(tokenFile: string, agentId: string | undefined, env: CommandContext['io']['env']): void {
  if (agentId !== undefined && !existsSync(tokenFile)) return;
  findToken({ tokenFile }, env);
}

async function openSession(context: CommandContext, options: SetupOptions, agentId: string) {
  const body: SessionCreate = {
    agentId,
    expiresIn: wholeNumber(
      '--expires-in',
      options.expiresIn ?? String(SESSION_TTL_MAX),
      SESSION_TTL_MIN,
      SESSION_TTL_MAX,
    ),
    ...(options.constraints === undefined ? {} : { constraints: parseConstraints(options.constraints) }),
  };
  return callDaemon({
    ...(await operatorSession(context, options)),
    method: 'POST',
    path: '/v1/sessions',
    body,
    answer: sessionCreateResponseSchema,
  });
}

function keepToken(path: string, token: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileAtomically(path, `${token}\n`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CliError({
      code: 'TOKEN_FILE_UNWRITABLE',
      message: `The file ${path} cannot be written (${error.code}); the session that was opened is of no use.`,
      hint: 'Name another file with --token-file. "waiaas session list" shows the session, "waiaas session revoke" ends it.',
      exitCode: EXIT.FAILURE,
    });
  }
}
