import type { PendingApproval } from '@waiaas/core';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { type CommandContext, operatorSession } from '../context.ts';
import { facts, jsonLine, table } from '../output.ts';
import { ownerStatus } from '../owner/connected-owner.ts';
import { waitingPayments } from '../owner/waiting-payments.ts';
import { type Handle, withPasswordOptions } from '../program.ts';

/** `waiaas owner status|pending`: what is only read. */
export function ownerReadCommands(group: Command, handle: Handle): void {
  handle<PasswordFlags>(
    withPasswordOptions(group.command('status').description('show who the owner is, and what waits')),
    showStatus,
  );
  handle<PasswordFlags>(
    withPasswordOptions(group.command('pending').description('list the payments that wait for time or for the owner')),
    listPending,
  );
}

async function showStatus(context: CommandContext, flags: PasswordFlags): Promise<ExitCode> {
  const status = await ownerStatus(await operatorSession(context, flags));
  const { io, json } = context;
  if (json) {
    io.out(jsonLine(status));
    return EXIT.SUCCESS;
  }
  const { connected, chain, address, connectedAt, lastActiveAt } = status;
  io.out(
    facts([
      ['Owner', connected ? (address ?? 'unknown') : 'none; connect one with "waiaas owner connect"'],
      ...(chain === undefined ? [] : [['Chain', chain] as const]),
      ...(connectedAt === undefined ? [] : [['Connected', connectedAt] as const]),
      ...(lastActiveAt === undefined ? [] : [['Last active', lastActiveAt] as const]),
      ['Waiting payments', String(status.pendingApprovalCount)],
      ['Active sessions', String(status.activeSessionCount)],
      ['Kill switch', status.systemState],
    ]),
  );
  return EXIT.SUCCESS;
}

const deadline = ({ tier, expiresAt }: PendingApproval): string =>
  tier === 'APPROVAL' ? `approve until ${expiresAt}` : `runs at ${expiresAt}`;

async function listPending(context: CommandContext, flags: PasswordFlags): Promise<ExitCode> {
  const payments = await waitingPayments(await operatorSession(context, flags));
  const { io, json } = context;
  if (json) io.out(jsonLine({ transactions: payments }));
  else if (payments.length === 0) io.out('No payment waits.\n');
  else {
    io.out(
      table(
        ['ID', 'AGENT', 'PAYMENT', 'DEADLINE'],
        payments.map((payment) => [
          payment.txId,
          payment.agentName,
          payment.inWords ?? 'not the payment that was admitted; it is never carried out',
          deadline(payment),
        ]),
      ),
    );
  }
  return EXIT.SUCCESS;
}
