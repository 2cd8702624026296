import type { ReadStream } from 'node:tty';
import { InterruptedError, PasswordError } from './password-error.ts';

/** What a prompt needs of a terminal; `process.stdin` is one. */
export type PromptInput = Pick<ReadStream, 'isTTY' | 'isRaw' | 'setRawMode' | 'resume' | 'pause'> & {
  on(event: 'data', listener: (chunk: Buffer | string) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Buffer | string) => void): unknown;
  off(event: 'end', listener: () => void): unknown;
};

/** A terminal to ask on: keys from `input`, text to `output`, which is stderr so that stdout stays clean. */
export interface Terminal {
  readonly input: PromptInput;
  readonly output: { write(text: string): unknown };
}

/** Asks once, without echo. Text typed ahead is kept for the next question. */
export type AskHidden = (question: string) => Promise<string>;

const CONTROL = { interrupt: '\x03', end: '\x04', erase: '\x7f', backspace: '\b', eraseLine: '\x15' } as const;
/** Arrow keys and the like send sequences whose letters must not end up in a password. */
function withoutEscapes(text: string): string {
  const [plain = '', ...sequences] = text.split('\u001b');
  return plain + sequences.map((rest) => rest.replace(/^(?:\[[0-9;?]*[ -/]*[@-~]|O.|[^\p{Cc}])/u, '')).join('');
}
const ENDING_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * A function that asks for hidden input. The terminal is in raw mode while it waits, and is put back on every way out:
 * answer, Ctrl-C, Ctrl-D, hang-up, a signal, the end of the process (01 §1.6).
 */
export function hiddenPrompt(terminal: Terminal): AskHidden {
  let ahead = '';
  return (question) =>
    new Promise<string>((resolve, reject) => {
      const { input, output } = terminal;
      const wasRaw = input.isRaw;
      let typed = '';
      const decoder = new TextDecoder();

      const restore = (): void => {
        input.setRawMode(wasRaw);
      };
      const onSignal = (signal: NodeJS.Signals): void => {
        leave();
        process.kill(process.pid, signal);
      };
      const leave = (): void => {
        input.off('data', onData);
        input.off('end', onEnd);
        for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
        process.off('exit', restore);
        restore();
        input.pause();
        output.write('\n');
      };
      const finish = (password: string, rest: string): void => {
        ahead = rest;
        leave();
        resolve(password);
      };
      const fail = (error: Error): void => {
        ahead = '';
        leave();
        reject(error);
      };
      const onEnd = (): void => fail(new PasswordError('The terminal was closed before a password was entered.'));

      /** Takes typed text; true when the question is settled. */
      const take = (text: string): boolean => {
        const plain = withoutEscapes(text).replaceAll('\r\n', '\n');
        const characters = [...plain];
        for (const [index, character] of characters.entries()) {
          if (character === '\n' || character === '\r') {
            finish(typed, characters.slice(index + 1).join(''));
            return true;
          }
          if (character === CONTROL.interrupt) {
            fail(new InterruptedError());
            return true;
          }
          if (character === CONTROL.end) {
            fail(new PasswordError('No password was entered.'));
            return true;
          }
          if (character === CONTROL.erase || character === CONTROL.backspace) typed = [...typed].slice(0, -1).join('');
          else if (character === CONTROL.eraseLine) typed = '';
          else if (!/\p{Cc}/u.test(character)) typed += character;
        }
        return false;
      };
      const onData = (chunk: Buffer | string): void => {
        take(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
      };

      // Before the question: whoever answers at once must not see the answer echoed.
      input.setRawMode(true);
      output.write(question);
      process.on('exit', restore);
      for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
      input.on('end', onEnd);
      const waiting = ahead;
      ahead = '';
      if (waiting !== '' && take(waiting)) return;
      input.on('data', onData);
      input.resume();
    });
}
