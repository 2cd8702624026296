import { sessionRenewResponseSchema } from '@waiaas/core';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { isSystemError } from '../../system-error.ts';
import { type CommandContext, daemonPort, warn } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine } from '../output.ts';
import type { Handle } from '../program.ts';
import { findToken, replaceToken, type TokenFlags } from '../session/token-source.ts';
import { usageError } from '../usage-error.ts';

interface RenewOptions extends TokenFlags {
  readonly update?: boolean;
}

/** `waiaas session renew` (03 §13): what the agent does with its own token. */
export function sessionRenewCommand(group: Command, handle: Handle): void {
  const renew = group
    .command('renew')
    .description('exchange a session token for a new one; the old one ends')
    .option('--token-file <path>', 'file that holds the token')
    .option('--token-env <variable>', 'environment variable that holds the token')
    .option('--update', 'write the new token into --token-file instead of printing it');
  handle<RenewOptions>(renew, renewSession);
}

async function renewSession(context: CommandContext, options: RenewOptions): Promise<ExitCode> {
  const { io, json } = context;
  const { tokenFile } = options;
  let update = options.update ?? false;
  if (update && tokenFile === undefined) throw usageError('--update needs --token-file.');
  const { token, sessionId } = findToken(options, io.env);
  const { token: next, ...renewed } = await callDaemon({
    port: daemonPort(context),
    method: 'PUT',
    path: `/v1/sessions/${sessionId}/renew`,
    authorization: `Bearer ${token}`,
    answer: sessionRenewResponseSchema,
  });
  if (update && tokenFile !== undefined) {
    try {
      replaceToken(tokenFile, next);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      // The old token has ended: the new one must not be lost as well.
      update = false;
      warn(context, `${tokenFile} cannot be written (${error.code}); keep the token that is printed.`);
    }
  }
  if (json) {
    io.out(jsonLine(update ? renewed : { ...renewed, token: next }));
    return EXIT.SUCCESS;
  }
  io.out(
    facts([
      ['Session', renewed.sessionId],
      ['Expires', renewed.expiresAt],
      ['Renewals left', String(renewed.renewalsLeft)],
      ['Not beyond', renewed.absoluteExpiresAt],
      ...(update ? [] : [['Token', next] as const]),
    ]),
  );
  io.err(
    update
      ? `The new token is in ${tokenFile}; the old one has ended.\n`
      : 'The token is shown this once; the old one has ended.\n',
  );
  return EXIT.SUCCESS;
}
