import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLocalnet } from '@waiaas/localnet';
import type { Figure } from './figure.ts';
import { median } from './statistics.ts';

const WAIAAS = fileURLToPath(new URL('bin/waiaas.mjs', import.meta.resolve('@waiaas/daemon/package.json')));
const FILL = fileURLToPath(new URL('fill-agents.js', import.meta.url));
const STARTS = 3;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No free port was found');
  return address.port;
}

async function runToEnd(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = fork(script, [...args], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with ${code}`);
}

/** Milliseconds from the start of the process to a healthy answer, and its resident memory after a few quiet seconds. */
async function startOnce(env: NodeJS.ProcessEnv, quietMs: number): Promise<{ ms: number; rssMib: number }> {
  const port = await freePort();
  const started = performance.now();
  const child = fork(WAIAAS, ['start', '--port', String(port)], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`The daemon ended with ${child.exitCode}`);
      const healthy = await fetch(`http://127.0.0.1:${port}/health`)
        .then(async (response) => JSON.stringify(await response.json()).includes('"healthy"'))
        // Not listening yet.
        .catch(() => false);
      if (healthy) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const ms = performance.now() - started;
    await new Promise((resolve) => setTimeout(resolve, quietMs));
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return { ms, rssMib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024 };
  } finally {
    const end = once(child, 'exit');
    child.kill('SIGTERM');
    await end;
  }
}

/** (d) From start to healthy with 1 and with 1,000 agents; (e) memory of an idle daemon. */
export async function measureStart(agents: number): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'waiaas-bench-'));
  const ledger = await startLocalnet({ slotMs: 400 });
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, 'a password for the benchmark\n', { mode: 0o600 });
  const times: Record<'one' | 'many', number[]> = { one: [], many: [] };
  const memory: number[] = [];
  try {
    for (const [name, count] of [
      ['one', 1],
      ['many', agents],
    ] as const) {
      const env = {
        ...process.env,
        WAIAAS_DATA_DIR: join(folder, name),
        WAIAAS_MASTER_PASSWORD_FILE: passwordFile,
        WAIAAS_RPC_SOLANA_LOCALNET: ledger.rpcUrl,
      };
      await runToEnd(WAIAAS, ['init', '--non-interactive'], env);
      await runToEnd(FILL, [join(folder, name), passwordFile, String(count)], env);
      for (let round = 0; round < STARTS; round++) {
        const { ms, rssMib } = await startOnce(env, name === 'one' ? 3000 : 0);
        times[name].push(ms);
        if (name === 'one') memory.push(rssMib);
      }
    }
  } finally {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const [one, many, mib] = [median(times.one), median(times.many), median(memory)];
  const limit = 1.5 * one + 1000;
  return [
    {
      id: 'd',
      name: `start to healthy, 1 and ${agents.toLocaleString('en')} agents`,
      value: `${Math.round(one)} ms and ${Math.round(many)} ms`,
      numbers: { one, many },
      target: `≤ 1.5 × 1 agent + 1 s = ${Math.round(limit)} ms`,
      met: many <= limit,
    },
    {
      id: 'e',
      name: 'resident memory, idle',
      value: `${Math.round(mib)} MiB`,
      numbers: { mib },
      target: '≤ 150 MiB',
      met: mib <= 150,
    },
  ];
}
