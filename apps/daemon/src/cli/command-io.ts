import { createInterface } from 'node:readline/promises';
import { type AskHidden, hiddenPrompt, InterruptedError } from '../password/index.ts';

/** What a command may use of the world around it. Tests give their own. */
export interface CommandIo {
  /** Results. */
  out(text: string): void;
  /** Errors, warnings, questions. */
  err(text: string): void;
  /** The environment; a password is taken out of it when it is read. */
  readonly env: Record<string, string | undefined>;
  readonly home: string;
  /** The umask the process was started with. */
  readonly umask: number;
  /**
   * Shows what long work is at, in one line that the next one takes the place of and the empty text removes; null where
   * there is no terminal.
   */
  readonly status: ((text: string) => void) | null;
  /** Asks without echo; null where there is no terminal. */
  readonly askHidden: AskHidden | null;
  /** Asks with echo; null where there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** The next line of standard input, for commands that are fed by others; null at its end. */
  readonly inputLine: () => Promise<string | null>;
}

/** The real one. Questions go to stderr, so that stdout holds results only. */
export function processIo(home: string, umask: number): CommandIo {
  const interactive = process.stdin.isTTY && process.stderr.isTTY;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    home,
    umask,
    status: process.stderr.isTTY ? statusLine : null,
    askHidden: interactive ? hiddenPrompt({ input: process.stdin, output: process.stderr }) : null,
    ask: interactive ? askOnTerminal : null,
    inputLine: lineReader(),
  };
}

/** A line that would break could not be taken back. */
function statusLine(text: string): void {
  const fitting = [...text].slice(0, Math.max(0, (process.stderr.columns ?? 80) - 1)).join('');
  process.stderr.write(`\r\u001b[K${fitting}`);
}

/** Opened at the first line asked for: whoever needs none must not take from standard input. */
function lineReader(): () => Promise<string | null> {
  let lines: AsyncIterator<string> | null = null;
  return async () => {
    lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    const next = await lines.next();
    return next.done === true ? null : next.value;
  };
}

async function askOnTerminal(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = Promise.withResolvers<never>();
  // Ctrl-C and Ctrl-D close the interface; the question itself would be pending for ever.
  lines.once('close', () => closed.reject(new InterruptedError()));
  try {
    return await Promise.race([lines.question(question), closed.promise]);
  } catch (error) {
    throw error instanceof Error && error.name === 'AbortError' ? new InterruptedError() : error;
  } finally {
    lines.close();
  }
}
