import type { CommandContext } from './context.ts';
import { printable } from './output.ts';

/** Says what long work is at. */
export type Progress = (text: string) => void;

const A_SECOND_MS = 1000;

/**
 * Runs work that may take long. A person at a terminal sees what it is at, in one line of stderr that is gone when it ends;
 * programs, which read results, see nothing of it.
 */
export async function withProgress<T>(
  { io, json }: CommandContext,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const { status } = io;
  if (json || status === null) return work(() => undefined);
  try {
    return await work((text) => status(`${printable(text)} …`));
  } finally {
    status('');
  }
}

/**
 * Runs work whose steps cannot be seen from here: the seconds that it has taken stand beside its name.
 *
 * @param text what is waited for
 */
export const withElapsed = <T>(context: CommandContext, text: string, work: () => Promise<T>): Promise<T> =>
  withProgress(context, async (progress) => {
    let seconds = 0;
    const timer = setInterval(() => {
      seconds += 1;
      progress(`${text}, ${seconds} s`);
    }, A_SECOND_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  });
