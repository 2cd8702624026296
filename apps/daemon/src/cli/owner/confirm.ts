import { EXIT } from '../../exit-codes.ts';
import { CliError } from '../cli-error.ts';
import type { CommandIo } from '../command-io.ts';

/** What a yes lets happen. */
type Deed = 'signed' | 'done';

/**
 * Asks for a yes. With nobody to ask, only --yes is one: a script signs nothing by accident.
 * @throws CliError CANCELLED, CONFIRMATION_NEEDED
 */
export async function confirm(io: CommandIo, question: string, yes: boolean, deed: Deed = 'signed'): Promise<void> {
  if (yes) return;
  if (io.ask === null) {
    throw new CliError({
      code: 'CONFIRMATION_NEEDED',
      message: `There is no terminal to ask on whether this is to be ${deed}; nothing was.`,
      hint: `Look at what is to be ${deed} first; then give --yes.`,
      exitCode: EXIT.FAILURE,
    });
  }
  const answer = (await io.ask(`${question} [y/N] `)).trim().toLowerCase();
  if (answer === 'y' || answer === 'yes') return;
  throw new CliError({ code: 'CANCELLED', message: `Nothing was ${deed}.`, exitCode: EXIT.FAILURE });
}
