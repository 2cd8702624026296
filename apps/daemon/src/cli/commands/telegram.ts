import { telegramUnpairResponseSchema, telegramVerifyResponseSchema } from '@waiaas/core';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { type CommandContext, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine } from '../output.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

/** The daemon asks Telegram before it answers. */
const SERVICE_TIMEOUT_MS = 30_000;

/** `waiaas telegram …`: the chat from which the owner steers the daemon (05 §5.4). */
export const telegramCommands: CommandModule = (program, handle) => {
  const group = program.command('telegram').description('the Telegram chat that you can stop agents from');
  handle<PasswordFlags>(
    withPasswordOptions(
      group
        .command('verify')
        .description('pair the chat in which the bot has answered /auth with this code')
        .argument('<code>', 'the six digits'),
    ),
    verify,
  );
  handle<PasswordFlags>(
    withPasswordOptions(group.command('unpair').description('nothing can be done from the chat any more')),
    unpair,
  );
};

async function verify(
  context: CommandContext,
  flags: PasswordFlags,
  [code = '']: readonly string[],
): Promise<ExitCode> {
  if (!/^\d{6}$/.test(code)) throw usageError('The code is six digits; send /auth to the bot to get one.');
  const answer = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'POST',
    path: '/v1/owner/telegram/verify',
    body: { code },
    timeoutMs: SERVICE_TIMEOUT_MS,
    answer: telegramVerifyResponseSchema,
  });
  const { io, json } = context;
  if (json) io.out(jsonLine(answer));
  else {
    io.out(
      `Paired. Payments can be rejected, sessions ended and everything stopped from this chat.\n${facts([
        ['Chat', answer.chatId],
        ['Calls itself', answer.chatName],
        ['Channel', answer.channelId],
      ])}`,
    );
    io.err('If that is not you: waiaas telegram unpair\n');
  }
  return EXIT.SUCCESS;
}

async function unpair(context: CommandContext, flags: PasswordFlags): Promise<ExitCode> {
  const answer = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'DELETE',
    path: '/v1/owner/telegram',
    answer: telegramUnpairResponseSchema,
  });
  const { io, json } = context;
  if (json) io.out(jsonLine(answer));
  else io.out(answer.unpaired ? 'No chat is paired any more.\n' : 'No chat was paired.\n');
  return EXIT.SUCCESS;
}
