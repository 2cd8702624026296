import { systemClock } from '@waiaas/core';
import type { RunDoctor } from '../../doctor/run-doctor.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type PasswordFlags, suppliedPassword } from '../../password/index.ts';
import { type CommandContext, warnAboutVariable } from '../context.ts';
import { jsonLine, printable } from '../output.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';
import { withProgress } from '../progress.ts';
import type { VerifyDataDir } from './audit.ts';

interface DoctorCommandOptions extends PasswordFlags {
  readonly offline?: boolean;
}

const MARKS = { ok: 'ok', warning: 'warn', failure: 'FAIL', skipped: 'skip' } as const;

/** `waiaas doctor` (00 "CLI added"): a password is used when it is supplied, never asked for. */
export const doctorCommand =
  (runDoctor: RunDoctor, verifyAudit: VerifyDataDir): CommandModule =>
  (program, handle) => {
    const command = program
      .command('doctor')
      .description('look everything over and change nothing; exit code 1 when something does not work')
      .option('--offline', 'without asking the chains');
    handle<DoctorCommandOptions>(withPasswordOptions(command), (context, options) =>
      examine(context, options, runDoctor, verifyAudit),
    );
  };

async function examine(
  context: CommandContext,
  options: DoctorCommandOptions,
  runDoctor: RunDoctor,
  verifyAudit: VerifyDataDir,
): Promise<ExitCode> {
  const { io, json, dataDir } = context;
  const supplied = suppliedPassword({ flags: options, env: io.env });
  if (supplied?.source === 'variable') warnAboutVariable(context);
  const findings = await withProgress(context, (onStep) =>
    runDoctor({
      dataDir,
      env: io.env,
      clock: systemClock,
      password: supplied?.password ?? null,
      offline: options.offline === true,
      verifyAudit,
      onStep,
    }),
  );
  const failures = findings.filter(({ status }) => status === 'failure').length;
  if (json) io.out(jsonLine({ healthy: failures === 0, findings }));
  else {
    for (const { check, status, text, hint } of findings) {
      io.out(`${MARKS[status].padEnd(4)}  ${check.padEnd(11)}  ${printable(text)}\n`);
      if (hint !== undefined) io.out(`${' '.repeat(19)}${printable(hint)}\n`);
    }
    io.out(failures === 0 ? '\nNothing is wrong.\n' : `\n${failures} checks failed.\n`);
  }
  return failures === 0 ? EXIT.SUCCESS : EXIT.FAILURE;
}
