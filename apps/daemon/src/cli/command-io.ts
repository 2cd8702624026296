import { createInterface } from 'node:readline/promises';
import { type AskHidden, hiddenPrompt } from '../password/index.ts';

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
  /** Asks without echo; null where there is no terminal. */
  readonly askHidden: AskHidden | null;
  /** Asks with echo; null where there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | null;
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
    askHidden: interactive ? hiddenPrompt({ input: process.stdin, output: process.stderr }) : null,
    ask: interactive ? askOnTerminal : null,
  };
}

async function askOnTerminal(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}
