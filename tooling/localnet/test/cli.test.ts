import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createSolanaRpc } from '@solana/kit';
import { afterEach, describe, expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../bin/localnet.mjs', import.meta.url));

describe('the localnet command', () => {
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill('SIGKILL'));

  const run = (...args: string[]) => {
    const started = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    const output = { stdout: '', stderr: '' };
    started.stdout.on('data', (chunk) => {
      output.stdout += String(chunk);
    });
    started.stderr.on('data', (chunk) => {
      output.stderr += String(chunk);
    });
    const ended = once(started, 'close').then(([code, signal]) => ({ ...output, code, signal }));
    return { process: started, ended };
  };

  test.each(['SIGTERM', 'SIGINT'] as const)('serves on free ports and ends cleanly on %s', async (signal) => {
    const { process: localnet, ended } = run('--port', '0', '--slot-ms', 'manual');
    const [line] = await once(localnet.stdout, 'data');
    const [, rpcUrl = ''] =
      /^localnet ready (http:\/\/127\.0\.0\.1:\d+) (ws:\/\/127\.0\.0\.1:\d+)\n$/.exec(String(line)) ?? [];
    expect(await createSolanaRpc(rpcUrl).getHealth().send()).toBe('ok');
    localnet.kill(signal);
    expect(await ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test('--help tells the options', async () => {
    expect(await run('--help').ended).toMatchObject({ code: 0, stdout: expect.stringContaining('--slot-ms') });
  });

  test.each([
    [['--slots', '3'], '--slots'],
    [['--port', 'many'], '--port must be a whole number'],
    [['--port', '70000', '--ws-port', '0'], 'port must be a whole number from 0 to 65535'],
    [['--slot-ms', '0', '--port', '0'], 'slotMs'],
    [['surplus'], 'surplus'],
  ])('refuses %j', async (args, reason) => {
    expect(await run(...args).ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(reason) });
  });

  test('a port in use is named', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const address = squatter.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const { code, stderr } = await run('--port', String(port), '--ws-port', '0').ended;
      expect([code, stderr]).toEqual([
        1,
        `localnet: port ${port} is already in use; choose another with --port or --ws-port\n`,
      ]);
    } finally {
      squatter.close();
    }
  });
});
