import {
  isUuidV7,
  type SessionSummary,
  sessionListResponseSchema,
  sessionRevokeResponseSchema,
  systemClock,
} from '@waiaas/core';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { type CommandContext, type OperatorSession, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine, table } from '../output.ts';
import { allPages } from '../pages.ts';
import { type Handle, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

interface ListOptions extends PasswordFlags {
  readonly agentId?: string;
  readonly all?: boolean;
}

/** `waiaas session list|revoke` (01 §5.5, 03 §12). */
export function sessionManageCommands(group: Command, handle: Handle): void {
  const list = group
    .command('list')
    .description('list the sessions that can still be used')
    .option('--agent-id <id>', 'only those of one agent')
    .option('--all', 'also those that have expired or were revoked');
  handle<ListOptions>(withPasswordOptions(list), listSessions);
  const revoke = group
    .command('revoke')
    .description('end a session at once; what it has waiting is cancelled')
    .argument('<id>', 'id of the session, as "waiaas session list" shows it');
  handle<PasswordFlags>(withPasswordOptions(revoke), revokeSession);
}

const allSessions = (
  session: OperatorSession,
  agentId: string | undefined,
  status: 'active' | 'all',
): Promise<readonly SessionSummary[]> =>
  allPages(async (page) => {
    const query = new URLSearchParams({ ...page, status, ...(agentId === undefined ? {} : { agentId }) });
    const { sessions, nextCursor } = await callDaemon({
      ...session,
      method: 'GET',
      path: `/v1/sessions?${query}`,
      answer: sessionListResponseSchema,
    });
    return { items: sessions, nextCursor };
  });

/** A session in one word. */
function stateOf({ revokedAt, expiresAt }: SessionSummary): string {
  if (revokedAt !== undefined) return 'revoked';
  return Date.parse(expiresAt) <= systemClock.now() ? 'expired' : 'active';
}

/** What a session may do at most and what it has done, such as "2 of 5 payments, 100 of 500". Amounts are base units. */
function usageOf({ constraints, usageStats }: SessionSummary): string {
  const of = (limit: string | number | undefined): string => (limit === undefined ? '' : ` of ${limit}`);
  const { totalTx, totalAmount } = usageStats;
  return `${totalTx}${of(constraints.maxTransactions)} payments, ${totalAmount}${of(constraints.maxTotalAmount)}`;
}

async function listSessions(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { agentId, all } = options;
  if (agentId !== undefined && !isUuidV7(agentId)) {
    throw usageError('--agent-id must be the id of an agent, as "waiaas agent list" shows it.');
  }
  const session = await operatorSession(context, options);
  const sessions = await allSessions(session, agentId, all === true ? 'all' : 'active');
  const { io, json } = context;
  if (json) io.out(jsonLine({ sessions }));
  else if (sessions.length === 0) {
    io.out('There are no sessions. Open one with "waiaas session create".\n');
  } else {
    io.out(
      table(
        ['ID', 'AGENT', 'STATE', 'EXPIRES', 'PAID', 'RENEWED'],
        sessions.map((item) => [
          item.id,
          item.agentName,
          stateOf(item),
          item.expiresAt,
          usageOf(item),
          String(item.renewalCount),
        ]),
      ),
    );
  }
  return EXIT.SUCCESS;
}

async function revokeSession(
  context: CommandContext,
  flags: PasswordFlags,
  [id = '']: readonly string[],
): Promise<ExitCode> {
  if (!isUuidV7(id)) throw usageError('The session must be named by its id, as "waiaas session list" shows it.');
  const revoked = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'DELETE',
    path: `/v1/sessions/${id}`,
    answer: sessionRevokeResponseSchema,
  });
  const { io, json } = context;
  io.out(
    json
      ? jsonLine(revoked)
      : `Revoked; its token is of no use any more.\n${facts([
          ['Session', revoked.sessionId],
          ['Revoked', revoked.revokedAt],
          ['Cancelled payments', String(revoked.transactionsCancelled)],
        ])}`,
  );
  return EXIT.SUCCESS;
}
