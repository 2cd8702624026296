import {
  isUuidV7,
  SESSION_TTL_MAX,
  SESSION_TTL_MIN,
  type SessionCreate,
  sessionCreateResponseSchema,
} from '@waiaas/core';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { type CommandContext, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine } from '../output.ts';
import { type Handle, wholeNumber, withPasswordOptions } from '../program.ts';
import { parseConstraints } from '../session/constraints.ts';
import { usageError } from '../usage-error.ts';

interface CreateOptions extends PasswordFlags {
  readonly agentId: string;
  readonly expiresIn?: string;
  readonly constraints?: string;
}

/** `waiaas session create` (01 §5.5). */
export function sessionCreateCommand(group: Command, handle: Handle): void {
  const create = group
    .command('create')
    .description('open a session for an agent and print its token, once')
    .requiredOption('--agent-id <id>', 'id of the agent')
    .option(
      '--expires-in <seconds>',
      `life of the session, ${SESSION_TTL_MIN} to ${SESSION_TTL_MAX} (default: session_ttl)`,
    )
    .option('--constraints <json>', 'what the session may do at most, such as {"maxAmountPerTx":"1000000000"}');
  handle<CreateOptions>(withPasswordOptions(create), createSession);
}

async function createSession(context: CommandContext, options: CreateOptions): Promise<ExitCode> {
  if (!isUuidV7(options.agentId))
    throw usageError('--agent-id must be the id of an agent, as "waiaas agent list" shows it.');
  const body: SessionCreate = {
    agentId: options.agentId,
    ...(options.expiresIn === undefined
      ? {}
      : { expiresIn: wholeNumber('--expires-in', options.expiresIn, SESSION_TTL_MIN, SESSION_TTL_MAX) }),
    ...(options.constraints === undefined ? {} : { constraints: parseConstraints(options.constraints) }),
  };
  const session = await operatorSession(context, options);
  const created = await callDaemon({
    ...session,
    method: 'POST',
    path: '/v1/sessions',
    body,
    answer: sessionCreateResponseSchema,
  });
  const { io, json } = context;
  if (json) {
    io.out(jsonLine(created));
    return EXIT.SUCCESS;
  }
  io.out(
    facts([
      ['Session', created.sessionId],
      ['Expires', created.expiresAt],
      ['Constraints', Object.keys(created.constraints).length === 0 ? 'none' : JSON.stringify(created.constraints)],
      ['Token', created.token],
    ]),
  );
  io.err('The token is shown this once. Give it to the agent and keep it from everybody else.\n');
  return EXIT.SUCCESS;
}
