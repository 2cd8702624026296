import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type Figure, FULL, QUICK } from './figure.ts';
import { measureKillSwitch } from './measure-kill-switch.ts';
import { measureMcp } from './measure-mcp.ts';
import { measureAdmission } from './measure-payments.ts';
import { measurePolicy } from './measure-policy.ts';
import { measureReads } from './measure-reads.ts';
import { measureStart } from './measure-start.ts';

const PARTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;
const USAGE = `Usage: npm run bench [-- --quick] [--only a,b] [--json FILE]

Measures and prints one table; exit code 0 when every target was met, 2 when one was missed, 1 on an error.

  --quick        shorter rounds, 100,000 rows of history, 200 agents
  --only LIST    some of a (reads), b (payments), c (history), d (start), e (memory), f (policy), g (kill switch),
                 h (MCP server)
  --json FILE    where the figures go as JSON (default .reports/bench.json)`;

function table(figures: readonly Figure[]): string {
  const rows = [
    ['', 'figure', 'measured', 'target', ''],
    ...figures.map((f) => [f.id, f.name, f.value, f.target, f.met ? 'met' : 'MISSED']),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Measures what was asked for, prints the table and writes the JSON. Answers the exit code. */
export async function runBench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const chosen = new Set(values.only?.split(',') ?? PARTS);
  const unknown = [...chosen].filter((part) => !PARTS.some((known) => known === part));
  if (unknown.length > 0) {
    process.stderr.write(`Error: there is no figure ${unknown.join(', ')}\n\n${USAGE}\n`);
    return 1;
  }
  const effort = values.quick === true ? QUICK : FULL;
  const progress = (text: string): void => void process.stderr.write(`measuring ${text}…\n`);
  const figures: Figure[] = [];
  if (chosen.has('a')) {
    progress('authenticated reads');
    figures.push(await measureReads(effort));
  }
  if (chosen.has('b') || chosen.has('c')) {
    progress('payments');
    figures.push(...(await measureAdmission(effort, chosen.has('c'))));
  }
  if (chosen.has('d') || chosen.has('e')) {
    progress('starts');
    figures.push(...(await measureStart(values.quick === true ? 200 : 1000)));
  }
  if (chosen.has('f')) {
    progress('policy evaluations');
    figures.push(measurePolicy());
  }
  if (chosen.has('g')) {
    progress('the kill switch');
    figures.push(await measureKillSwitch(effort));
  }
  if (chosen.has('h')) {
    progress('the MCP server');
    figures.push(await measureMcp());
  }
  const conditions = {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    synchronous: 'FULL',
    quick: values.quick === true,
    at: new Date().toISOString(),
  };
  const path = values.json ?? '.reports/bench.json';
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ conditions, figures }, null, 2)}\n`);
  const { node, cores, cpu, at } = conditions;
  process.stdout.write(`\n${table(figures)}\n\nNode ${node}, ${cores} cores (${cpu}), synchronous=FULL, ${at}\n`);
  return figures.every(({ met }) => met) ? 0 : 2;
}
