import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makePlace, PASSWORD, type Place, WAIAAS } from './waiaas.ts';

const SCRIPT = '/usr/bin/script';

let place: Place;
let child: ChildProcess | null = null;
beforeEach(() => {
  place = makePlace();
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await place.clean();
});

/** Runs the command on a pseudo-terminal. Each time it prints one of the cues, the keys that go with it are pressed. */
async function onTerminal(args: string, dialogue: readonly (readonly [cue: string, keys: string])[]) {
  const command = `stty -a | grep -o -- '-\\?echo ' | head -1; ${process.execPath} ${WAIAAS} ${args}; code=$?; stty -a | grep -o -- '-\\?echo ' | head -1; exit $code`;
  const started = spawn(SCRIPT, ['-qefc', command, '/dev/null'], {
    env: { ...place.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child = started;
  const left = [...dialogue];
  let seen = '';
  let from = 0;
  started.stdout.on('data', (chunk) => {
    seen += chunk;
    for (let [next] = left; next !== undefined; [next] = left) {
      const [cue, keys] = next;
      const at = seen.indexOf(cue, from);
      if (at < 0) return;
      from = at + cue.length;
      left.shift();
      started.stdin.write(keys);
    }
  });
  const code = await new Promise<number | null>((resolve) => started.on('close', (value) => resolve(value)));
  return { code, seen, unanswered: left.length };
}

describe.runIf(existsSync(SCRIPT))('on a terminal', () => {
  test('init asks twice without echo, again until both are the same, and puts the terminal back', async () => {
    const { code, seen, unanswered } = await onTerminal('init', [
      ['12 to 128', 'short\r'],
      ['at least 12', ''],
      ['12 to 128', `${PASSWORD}\r`],
      ['The same again', 'something else\r'],
      ['do not match', ''],
      ['12 to 128', `${PASSWORD}x\x7f\r`],
      ['The same again', `${PASSWORD}\r`],
    ]);
    expect([code, unanswered]).toEqual([0, 0]);
    expect(seen).not.toContain('canary');
    expect(seen).not.toContain('something else');
    expect(seen.match(/-?echo /g)).toEqual(['echo ', 'echo ']);
    expect(existsSync(place.path('config.toml'))).toBe(true);
  });

  test('Ctrl-C at the prompt: exit code 130, terminal put back, nothing made', async () => {
    const { code, seen } = await onTerminal('init', [['12 to 128', 'half a pass\x03']]);
    expect(code).toBe(130);
    expect(seen.match(/-?echo /g)).toEqual(['echo ', 'echo ']);
    expect(existsSync(place.dataDir)).toBe(false);
  });

  test('Ctrl-D at the prompt: an error, terminal put back, nothing made', async () => {
    const { code, seen } = await onTerminal('init', [['12 to 128', '\x04']]);
    expect([code, seen]).toEqual([1, expect.stringContaining('No password was entered')]);
    expect(seen.match(/-?echo /g)).toEqual(['echo ', 'echo ']);
    expect(existsSync(place.dataDir)).toBe(false);
  });

  test('init --force asks before it replaces anything', async () => {
    await place.run(['init', '--password-file', place.passwordFile]);
    const { code, seen } = await onTerminal('init --force', [['Type "replace"', 'yes\r']]);
    expect([code, seen]).toEqual([1, expect.stringContaining('Nothing was changed')]);
    expect(existsSync(place.path('config.toml'))).toBe(true);
  });
});
