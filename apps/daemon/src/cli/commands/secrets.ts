import { masterPasswordChangeResponseSchema, secretRotationResponseSchema } from '@waiaas/core';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { findNewPassword, type PasswordFlags } from '../../password/index.ts';
import { type CommandContext, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine } from '../output.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

interface ChangeOptions extends PasswordFlags {
  readonly newPasswordFile?: string;
  readonly newPasswordEnv?: string;
}

/** Two key derivations, for the old password and the new one, on a machine that may be slow. */
const CHANGE_TIMEOUT_MS = 60_000;

/** `waiaas password change` and `waiaas secret rotate` (03 §14, 01 §5.5). */
export const secretCommands: CommandModule = (program, handle) => {
  const password = program.command('password').description('the master password');
  const change = password
    .command('change')
    .description('change the master password; operators have to sign in again')
    .option('--new-password-file <path>', 'file whose first line is the new password')
    .option('--new-password-env <variable>', 'environment variable that holds the new password');
  handle<ChangeOptions>(withPasswordOptions(change), changePassword);
  const secret = program.command('secret').description('the secret that session tokens are signed with');
  const rotate = secret
    .command('rotate')
    .description('sign session tokens with a new secret; those of the old one are good for five minutes more');
  handle<PasswordFlags>(withPasswordOptions(rotate), rotateSecret);
};

async function changePassword(context: CommandContext, options: ChangeOptions): Promise<ExitCode> {
  const { io, json } = context;
  const { newPasswordFile, newPasswordEnv } = options;
  if (newPasswordFile !== undefined && newPasswordEnv !== undefined) {
    throw usageError('Give either --new-password-file or --new-password-env, not both.');
  }
  const session = await operatorSession(context, options);
  // The usual variables hold the present password: the new one comes from its own options or the terminal.
  const { password } = await findNewPassword(
    {
      flags: { passwordFile: newPasswordFile, passwordEnv: newPasswordEnv },
      env: newPasswordEnv === undefined ? {} : { [newPasswordEnv]: io.env[newPasswordEnv] },
      ask: newPasswordFile === undefined && newPasswordEnv === undefined ? io.askHidden : null,
    },
    (line) => io.err(`${line}\n`),
  );
  if (newPasswordEnv !== undefined) delete io.env[newPasswordEnv];
  const changed = await callDaemon({
    ...session,
    method: 'POST',
    path: '/v1/admin/password',
    body: { newPassword: password },
    timeoutMs: CHANGE_TIMEOUT_MS,
    answer: masterPasswordChangeResponseSchema,
  });
  io.out(json ? jsonLine(changed) : `The master password is changed.\n${facts([['Changed', changed.timestamp]])}`);
  if (!json) io.err('Put the new one wherever the daemon finds it at its next start.\n');
  return EXIT.SUCCESS;
}

async function rotateSecret(context: CommandContext, flags: PasswordFlags): Promise<ExitCode> {
  const rotated = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'POST',
    path: '/v1/admin/rotate-secret',
    answer: secretRotationResponseSchema,
  });
  const { io, json } = context;
  io.out(
    json
      ? jsonLine(rotated)
      : `Session tokens are signed with a new secret.\n${facts([
          ['Rotated', rotated.timestamp],
          ['Old tokens end', rotated.previousValidUntil],
        ])}`,
  );
  if (!json) io.err('Agents renew their sessions until then, or get new ones.\n');
  return EXIT.SUCCESS;
}
