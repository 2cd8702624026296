import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type AskHidden,
  findNewPassword,
  findPassword,
  hiddenPrompt,
  InterruptedError,
  newPasswordProblem,
  PasswordError,
  type PromptInput,
} from './index.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waiaas-password-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const file = (content: string | Uint8Array, name = 'password'): string => {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
};
const typed: AskHidden = async () => 'typed-password';
const find = (env: Record<string, string | undefined>, flags = {}, ask: AskHidden | null = null) =>
  findPassword({ env, flags, ask });

describe('sources', () => {
  test('flag, variable, file, terminal: the first that is given', async () => {
    const path = file('from-file\n');
    const env = () => ({ OWN: 'from-own', WAIAAS_MASTER_PASSWORD: 'from-env', WAIAAS_MASTER_PASSWORD_FILE: path });
    expect(await find(env(), { passwordEnv: 'OWN' }, typed)).toEqual({ password: 'from-own', source: 'variable' });
    expect(await find(env(), { passwordFile: file('flagged', 'b') }, typed)).toEqual({
      password: 'flagged',
      source: 'file',
    });
    expect(await find(env(), {}, typed)).toEqual({ password: 'from-env', source: 'variable' });
    expect(await find({ WAIAAS_MASTER_PASSWORD: '', WAIAAS_MASTER_PASSWORD_FILE: path }, {}, typed)).toEqual({
      password: 'from-file',
      source: 'file',
    });
    expect(await find({}, {}, typed)).toEqual({ password: 'typed-password', source: 'terminal' });
  });

  test.each([{}, { passwordEnv: 'OWN' }, { passwordFile: 'FILE' }])(
    'the variable is gone afterwards (%j)',
    async (flags) => {
      const env: Record<string, string | undefined> = { OWN: 'own-password', WAIAAS_MASTER_PASSWORD: 'env-password' };
      await find(env, 'passwordFile' in flags ? { passwordFile: file('x') } : flags);
      expect(Object.values(env)).not.toContain('env-password');
      if ('passwordEnv' in flags) expect(env).not.toHaveProperty('OWN');
    },
  );

  test('the first line counts, line ends are dropped, spaces are kept', async () => {
    for (const [content, password] of [
      ['a b \r\nsecond', 'a b '],
      ['plain', 'plain'],
      ['\ufeffbom\n', 'bom'],
      ['pässwörd\n', 'pässwörd'],
    ] as const) {
      expect((await find({}, { passwordFile: file(content) })).password).toBe(password);
    }
  });

  test('a source that is given but unusable is an error, never skipped', async () => {
    const missing = join(directory, 'missing');
    const env = { WAIAAS_MASTER_PASSWORD_FILE: missing };
    await expect(find({ ...env }, {}, typed)).rejects.toThrow(/WAIAAS_MASTER_PASSWORD_FILE.*ENOENT/);
    await expect(find({ WAIAAS_MASTER_PASSWORD: 'x' }, { passwordFile: missing }, typed)).rejects.toThrow(
      '--password-file',
    );
    await expect(find({ WAIAAS_MASTER_PASSWORD: 'x' }, { passwordEnv: 'NONE' }, typed)).rejects.toThrow('NONE');
    await expect(find({}, { passwordFile: directory }, typed)).rejects.toThrow('EISDIR');
    await expect(find({}, { passwordFile: file('\n') }, typed)).rejects.toThrow('empty first line');
    await expect(find({}, { passwordFile: file(Buffer.from([0xff, 0xfe, 0x00])) }, typed)).rejects.toThrow('UTF-8');
    await expect(find({ A: 'x' }, { passwordEnv: 'A', passwordFile: file('x') })).rejects.toThrow('not both');
  });

  test('no source and no terminal: the error names both variables', async () => {
    await expect(find({})).rejects.toThrow(PasswordError);
    await expect(find({})).rejects.toThrow(/WAIAAS_MASTER_PASSWORD_FILE.*WAIAAS_MASTER_PASSWORD[^_]/);
  });
});

describe('a new password', () => {
  test.each([
    ['short', 'has 5'],
    ['x'.repeat(129), 'has 129'],
    ['pässwörd-pässwörd', 'ASCII'],
    ['tab\tinside-the-text', 'ASCII'],
    [' leading-space-text', 'space'],
    ['trailing-space-text ', 'space'],
  ])('%j is refused', (password, why) => {
    expect(newPasswordProblem(password)).toContain(why);
    expect(newPasswordProblem(password)).not.toContain(password);
  });

  test('inner spaces and both bounds are fine', () => {
    for (const password of ['correct horse battery', 'x'.repeat(12), '~'.repeat(128)])
      expect(newPasswordProblem(password)).toBeNull();
  });

  test('a supplied one that breaks a rule is an error; a typed one is asked for again until both are equal', async () => {
    await expect(
      findNewPassword({ env: { WAIAAS_MASTER_PASSWORD: 'short' }, flags: {}, ask: null }, () => undefined),
    ).rejects.toThrow('at least 12 characters; this one has 5');
    const answers = ['short', 'long-enough-1', 'long-enough-2', 'long-enough-3', 'long-enough-3'];
    const told: string[] = [];
    const ask: AskHidden = async () => answers.shift() ?? '';
    const found = await findNewPassword({ env: {}, flags: {}, ask }, (line) => told.push(line));
    expect(found.password).toBe('long-enough-3');
    expect(told).toHaveLength(2);
  });
});

class FakeTerminal extends EventEmitter implements Omit<PromptInput, 'on' | 'off'> {
  readonly isTTY = true;
  isRaw = false;
  paused = true;
  written = '';
  setRawMode(mode: boolean): never {
    this.isRaw = mode;
    return this as never;
  }
  resume(): never {
    this.paused = false;
    return this as never;
  }
  pause(): never {
    this.paused = true;
    return this as never;
  }
  write(text: string): void {
    this.written += text;
  }
}

describe('the prompt', () => {
  const ask = (terminal: FakeTerminal): AskHidden => hiddenPrompt({ input: terminal, output: terminal });
  const typing = async (...chunks: (string | Buffer)[]): Promise<{ answer: string; terminal: FakeTerminal }> => {
    const terminal = new FakeTerminal();
    const answer = ask(terminal)('? ');
    expect(terminal.isRaw).toBe(true);
    for (const chunk of chunks) terminal.emit('data', chunk);
    return { answer: await answer, terminal };
  };

  test.each([
    ['plain', ['abc\r'], 'abc'],
    ['in pieces', ['a', 'b', 'c', '\n'], 'abc'],
    ['backspaces', ['abx\x7fcy\b\r'], 'abc'],
    ['more backspaces than text', ['a\x7f\x7f\x7fabc\r'], 'abc'],
    ['line erased', ['wrong\x15abc\r'], 'abc'],
    ['arrow keys', ['a\x1b[Db\x1b[3~c\x1bOA\r'], 'abc'],
    ['other control characters', ['a\x00\x1ab\tc\r'], 'abc'],
    ['a character split over chunks', [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0d])], 'é'],
    ['backspace over a wide character', ['a😀\x7f\r'], 'a'],
  ])('%s', async (_what, chunks, expected) => {
    const { answer, terminal } = await typing(...chunks);
    expect(answer).toBe(expected);
    expect(terminal.written).toBe('? \n');
    expect([terminal.isRaw, terminal.paused, terminal.listenerCount('data'), terminal.listenerCount('end')]).toEqual([
      false,
      true,
      0,
      0,
    ]);
  });

  test('what is typed ahead answers the next question', async () => {
    const terminal = new FakeTerminal();
    const hidden = ask(terminal);
    const first = hidden('1? ');
    terminal.emit('data', 'one\r\ntwo\r\n');
    expect(await first).toBe('one');
    expect(await hidden('2? ')).toBe('two');
  });

  test.each([
    ['Ctrl-C', '\x03', InterruptedError],
    ['Ctrl-D', 'ab\x04', PasswordError],
  ])('%s ends it and restores the terminal', async (_what, keys, kind) => {
    const before = process.listenerCount('SIGTERM') + process.listenerCount('exit');
    const terminal = new FakeTerminal();
    const answer = ask(terminal)('? ');
    terminal.emit('data', keys);
    await expect(answer).rejects.toThrow(kind);
    expect([terminal.isRaw, terminal.paused]).toEqual([false, true]);
    expect(process.listenerCount('SIGTERM') + process.listenerCount('exit')).toBe(before);
  });

  test('a terminal that hangs up ends it', async () => {
    const terminal = new FakeTerminal();
    const answer = ask(terminal)('? ');
    terminal.emit('end');
    await expect(answer).rejects.toThrow('closed');
    expect(terminal.isRaw).toBe(false);
  });
});
