import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { BALANCE, TOKEN } from './clients.ts';
import { json, startServer } from './scripted-server.ts';

const DIST = new URL('../dist/', import.meta.url);
const SCRIPTS = readdirSync(DIST, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.js'))
  .map((name) => name.replaceAll('\\', '/'));
/** The wording of owners' messages, hashes and encodings: all of it runs in browsers and imports nothing further. */
const LIBRARIES: readonly string[] = [
  '@noble/hashes/sha2.js',
  '@noble/hashes/sha3.js',
  '@scure/base',
  '@waiaas/core/owner-text',
];

/** What an entry for the users of another library may import of it. */
const PEERS: readonly (readonly [string, readonly string[]])[] = [
  ['solana/', ['@solana/kit']],
  ['viem/', ['viem']],
];

describe('the published JavaScript', () => {
  test.each(SCRIPTS)('%s imports nothing but its own files and small libraries', (name) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(new URL(name, DIST), 'utf8'));
    const own = SCRIPTS.map((script) => new URL(script, DIST).href);
    for (const { fileName } of importedFiles) {
      if (fileName.startsWith('.')) expect(own).toContain(new URL(fileName, new URL(name, DIST)).href);
      else
        expect([...LIBRARIES, ...(PEERS.find(([folder]) => name.startsWith(folder))?.[1] ?? [])]).toContain(fileName);
    }
  });

  test('what it takes from core comes without core’s schemas', () => {
    const start = new URL('../../core/dist/owner-text/index.js', import.meta.url);
    const seen = new Set<string>();
    const visit = (file: URL): void => {
      if (seen.has(file.href)) return;
      seen.add(file.href);
      for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles) {
        expect(fileName).toMatch(/^\.\.?\//);
        visit(new URL(fileName, file));
      }
    };
    visit(start);
    expect(seen.size).toBeGreaterThan(3);
  });

  test.each(SCRIPTS)('%s needs nothing that only Node has', (name) => {
    expect(readFileSync(new URL(name, DIST), 'utf8')).not.toMatch(
      /\b(?:process|Buffer|require|setImmediate|__dirname)\b/,
    );
  });

  test('runs in a process of its own, which ends when the call has ended', async () => {
    await using server = await startServer(json(BALANCE));
    const script = `
      const { WAIaaSClient } = await import(${JSON.stringify(new URL('index.js', DIST).href)});
      const client = new WAIaaSClient({ baseUrl: ${JSON.stringify(server.url)}, sessionToken: '${TOKEN}' });
      console.log((await client.getBalance()).formatted);
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout).toBe('1.5 SOL\n');
  });
});

describe('the published declarations', () => {
  const consumer = fileURLToPath(new URL('./consumer.mts', import.meta.url));
  const source = `
    import { WAIaaSClient, WAIaaSError, WAIaaSOwnerClient, type SendTokenRequest } from '../dist/index.js';
    const request: SendTokenRequest = { to: 'x', amount: 5n, priority: 'high' };
    const client = new WAIaaSClient({ signal: new AbortController().signal, fetch });
    export const status: 'CONFIRMED' | 'QUEUED' | 'FAILED' | 'PENDING' | 'EXECUTING' | 'SUBMITTED' | 'CANCELLED' | 'EXPIRED' =
      (await client.sendToken(request)).status;
    export const known = (error: WAIaaSError): boolean => error.code === 'POLICY_DENIED' || error.code === 'FROM_LATER';
    const signer = { chain: 'solana', address: 'x', signMessage: async (text: string) => text } as const;
    const owner = new WAIaaSOwnerClient({ signer });
    const { transactions } = await owner.listPendingApprovals({ limit: 5 });
    for (const payment of transactions) await owner.approveTransaction(payment);
    // @ts-expect-error no wallet
    new WAIaaSOwnerClient({ signer: { address: 'x' } });
    // @ts-expect-error money is no number
    await client.sendToken({ to: 'x', amount: 5 });
    // @ts-expect-error there is no such field
    await client.sendToken({ to: 'x', amount: 5n, memmo: 'y' });
  `;
  const diagnostics = (lib: string[], types: string[]): string[] => {
    const options: ts.CompilerOptions = {
      strict: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      skipLibCheck: true,
      lib,
      types,
    };
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists } = host;
    host.fileExists = (name) => name === consumer || fileExists(name);
    host.getSourceFile = (name, version, ...rest) =>
      name === consumer ? ts.createSourceFile(name, source, version) : getSourceFile(name, version, ...rest);
    const program = ts.createProgram([consumer], options, host);
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  };

  test('compile for a browser', () => {
    expect(diagnostics(['lib.es2022.d.ts', 'lib.dom.d.ts'], [])).toEqual([]);
  });

  test('compile for Node', () => {
    expect(diagnostics(['lib.es2022.d.ts'], ['node'])).toEqual([]);
  });
});
