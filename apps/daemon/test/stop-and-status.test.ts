import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive, processStamp } from '../src/instance/index.ts';
import { makePlace, type Place } from './waiaas.ts';

let place: Place;
const children: ChildProcess[] = [];
beforeEach(() => {
  place = makePlace();
  mkdirSync(place.dataDir);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await place.clean();
});

/** A process that stands for a daemon: it says when its handlers are in place. */
async function pretender(onTerm: 'ignores SIGTERM' | 'ends at SIGTERM'): Promise<number> {
  const handler = onTerm === 'ignores SIGTERM' ? "process.on('SIGTERM', () => {});" : '';
  const child = spawn(process.execPath, ['-e', `${handler} console.log('up'); setInterval(() => {}, 1000)`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child.pid ?? 0;
}

const claim = (pid: number, stamp: string | null = processStamp(pid)): void => {
  writeFileSync(place.path('daemon.pid'), String(pid));
  writeFileSync(place.path('daemon.json'), JSON.stringify({ pid, port: 1, stamp }));
};

describe('stop', () => {
  test('kills what does not stop in time, says so and ends with 5', async () => {
    const pid = await pretender('ignores SIGTERM');
    claim(pid);
    const { code, out, err } = await place.run(['stop', '--timeout', '1']);
    expect([code, isAlive(pid)]).toEqual([5, false]);
    expect(out).toContain('within 1 s');
    expect(err).toContain('keys may not have been wiped');
    expect([existsSync(place.path('daemon.pid')), existsSync(place.path('daemon.json'))]).toEqual([false, false]);
  });

  test('--force kills at once and ends with 0', async () => {
    const pid = await pretender('ignores SIGTERM');
    claim(pid);
    const { code, out, err } = await place.run(['stop', '--force', '--json']);
    expect([code, JSON.parse(out)]).toEqual([0, { pid, stopped: true, killed: true }]);
    expect(JSON.parse(err)).toEqual({ warning: expect.stringContaining('may not have been wiped') });
    expect(isAlive(pid)).toBe(false);
  });

  test('a daemon that ends without tidying up is told apart from a graceful end', async () => {
    claim(await pretender('ends at SIGTERM'));
    const { code, out, err } = await place.run(['stop']);
    expect([code, out.includes('gracefully'), err.includes('did not finish its shutdown')]).toEqual([0, false, true]);
    expect(existsSync(place.path('daemon.pid'))).toBe(false);
  });

  test.runIf(process.platform === 'linux')(
    'a stranger that got the number of a dead daemon is left alone',
    async () => {
      const pid = await pretender('ends at SIGTERM');
      claim(pid, 'former-boot:1');
      for (const args of [['stop'], ['stop', '--force']]) {
        const { code, err } = await place.run(args);
        expect([code, err.startsWith('Error: No daemon is running')]).toEqual([3, true]);
        expect(isAlive(pid)).toBe(true);
      }
    },
  );

  test.each(['', 'garbage', '-1', '0', '999999999'])(
    'a PID file with %j: exit code 3, file removed, nobody signalled',
    async (content) => {
      writeFileSync(place.path('daemon.pid'), content);
      const { code, err } = await place.run(['stop', '--force']);
      expect([code, err]).toEqual([3, expect.stringContaining('stale')]);
      expect(existsSync(place.path('daemon.pid'))).toBe(false);
    },
  );

  test.each(['0', '-5', 'soon', '1e3'])('--timeout %s is refused', async (timeout) => {
    const { code, err } = await place.run(['stop', `--timeout=${timeout}`]);
    expect([code, err]).toEqual([1, expect.stringContaining('--timeout must be a whole number')]);
  });
});

describe('status', () => {
  test('a daemon that lives but does not answer', async () => {
    const pid = await pretender('ends at SIGTERM');
    claim(pid);
    const { code, out } = await place.run(['status', '--json']);
    expect([code, JSON.parse(out)]).toEqual([0, { running: true, pid, healthy: false }]);
    expect((await place.run(['status'])).out).toContain('running but not responding');
  });

  test('a password is not sent to whoever has the port while no daemon runs', async () => {
    const { code, err } = await place.run(['agent', 'list', '--password-file', place.passwordFile]);
    expect([code, err]).toEqual([3, expect.stringMatching(/No daemon is running[\s\S]*waiaas start/)]);
  });
});

describe('usage', () => {
  test.each([
    [['bogus'], "unknown command 'bogus'"],
    [['agent'], ''],
    [['agent', 'list', '--nope'], "unknown option '--nope'"],
    [['agent', 'list', 'extra'], 'too many arguments'],
    [['agent', 'create'], 'required'],
    [['agent', 'create', 'bot'], '--chain'],
    [['agent', 'create', 'bot', '--chain', 'dogecoin'], '--chain must be one of solana, ethereum'],
    [['agent', 'create', 'bot', '--chain', 'solana', '--network', 'sepolia'], '--network of solana must be one of'],
    [['agent', 'create', '../bot', '--chain', 'solana'], 'name of an agent'],
    [['session', 'create', '--agent-id', 'bot'], '--agent-id must be the id'],
    [
      ['status', '--password-env', 'A', '--password-file', 'b', '--data-dir', '/nonexistent-place'],
      'no data directory',
    ],
  ])('%j ends with an error and not 0', async (args, message) => {
    const { code, out, err } = await place.run(args);
    expect([code === 0, out]).toEqual([false, '']);
    expect(err).toContain(message);
  });

  test.each([
    ['{"maxAmountPerTX":"1"}', 'maxAmountPerTX'],
    ['{"maxAmountPerTx":1}', 'maxAmountPerTx'],
    ['{"maxAmountPerTx":"-1"}', 'maxAmountPerTx'],
    ['not json', 'must be JSON'],
  ])('constraints %s are refused before anything is sent', async (constraints, message) => {
    const id = '01938e5c-0000-7000-8000-000000000000';
    const { code, err } = await place.run(['session', 'create', '--agent-id', id, '--constraints', constraints]);
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });

  test('errors are JSON on stderr with --json; help and version are results', async () => {
    const { code, err } = await place.run(['bogus', '--json']);
    expect([code, JSON.parse(err)]).toEqual([1, expect.objectContaining({ code: 'USAGE', exitCode: 1 })]);
    expect(await place.run(['--version'])).toEqual({ code: 0, out: '0.2.0\n', err: '' });
    for (const args of [['--help'], []]) {
      const help = await place.run(args);
      expect([help.code, help.err]).toEqual([0, '']);
      expect(help.out).toContain('Exit codes:');
    }
    const sub = await place.run(['session', 'create', '--help']);
    expect([sub.code, sub.out]).toEqual([0, expect.stringMatching(/--constraints[\s\S]*--password-file[\s\S]*--json/)]);
  });
});
