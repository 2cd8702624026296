import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runDemo } from '../dist/index.js';

const COMMAND = fileURLToPath(new URL('../bin/demo.mjs', import.meta.url));
const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('waiaas-demo-'));
/** Processes that belong to the demo of a folder: its name is in their command line or environment. */
const processes = (text: string): string[] =>
  execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(text) && !line.includes('vitest'));

describe('npm run demo', { timeout: 120_000 }, () => {
  test('holds every claim, exits 0 and leaves nothing behind', async () => {
    const before = folders();
    const lines: string[] = [];
    expect(await runDemo([], { write: (line) => lines.push(line) })).toBe(0);
    expect(lines.filter((line) => line.includes('✗'))).toEqual([]);
    expect(lines.filter((line) => line.includes('✓')).length).toBeGreaterThan(12);
    expect(folders()).toEqual(before);
  });

  test('exits 1 and names the claim when one does not hold', async () => {
    const lines: string[] = [];
    const code = await runDemo([], {
      write: (line) => lines.push(line),
      // The claim is about the ledger: money that arrives from elsewhere makes it false.
      tamper: async (world, to) => world.fund(to, 1_000_000n),
    });
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('did not hold');
  });

  test('killed without a chance to clean up, it takes ledger and daemon with it', async () => {
    const demo = spawn(process.execPath, [COMMAND, '--keep'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    for await (const chunk of demo.stdout) {
      text += String(chunk);
      if (text.includes('Ctrl-C here ends both')) break;
    }
    const dataDir = /--data-dir (\S+)/.exec(text)?.[1] ?? 'nothing';
    const port = /WAIAAS_BASE_URL=http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? 'nothing';
    expect(processes(`--port ${port}`)).not.toEqual([]);
    demo.kill('SIGKILL');
    await once(demo, 'exit');
    await expect.poll(() => processes(`--port ${port}`), { timeout: 30_000 }).toEqual([]);
    execFileSync('rm', ['-rf', dataDir.replace(/\/data$/, '')]);
  });

  test('refuses options it does not know', async () => {
    expect(await runDemo(['--kep'])).toBe(1);
  });
});
