import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figure.ts';
import { median } from './statistics.ts';

const SERVER = fileURLToPath(new URL('bin/waiaas-mcp.mjs', import.meta.resolve('@waiaas/mcp/package.json')));
const STARTS = 10;
const TARGET_MS = 200;

const frame = (message: object): string => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;
const INITIALIZE = frame({
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
});
const LIST = frame({ method: 'notifications/initialized' }) + frame({ id: 2, method: 'tools/list' });

/** Milliseconds from the start of the process to the answers to `initialize` and to `tools/list`. It asks no daemon for them. */
async function startOnce(): Promise<{ readonly initialized: number; readonly listed: number }> {
  const started = performance.now();
  const child = spawn(process.execPath, [SERVER], {
    env: { PATH: process.env.PATH ?? '', WAIAAS_SESSION_TOKEN: 'wai_sess_for.a.benchmark' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (id: number): Promise<number> => {
    const { done, value } = await lines.next();
    if (done === true || !String(value).includes(`"id":${id}`)) throw new Error('The MCP server did not answer');
    return performance.now() - started;
  };
  const end = once(child, 'exit');
  try {
    child.stdin.write(INITIALIZE);
    const initialized = await answer(1);
    child.stdin.write(LIST);
    return { initialized, listed: await answer(2) };
  } finally {
    child.stdin.end();
    await end;
  }
}

/** (h) From the start of the MCP server to its first answer, as an AI tool waits for it. */
export async function measureMcp(): Promise<Figure> {
  // The first one reads the files from the disk.
  await startOnce();
  const starts: Awaited<ReturnType<typeof startOnce>>[] = [];
  for (let round = 0; round < STARTS; round += 1) starts.push(await startOnce());
  const initialized = median(starts.map((start) => start.initialized));
  const listed = median(starts.map((start) => start.listed));
  return {
    id: 'h',
    name: 'MCP server, start to initialize and to its tools',
    value: `${Math.round(initialized)} ms and ${Math.round(listed)} ms`,
    numbers: { initialized, listed },
    target: `initialize under ${TARGET_MS} ms`,
    met: initialized < TARGET_MS,
  };
}
