import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MCP = fileURLToPath(new URL('../../../packages/mcp/', import.meta.url));
const TOOLS = fileURLToPath(new URL('../../../.tools/', import.meta.url));
/** The version that the test is known to work with. */
const INSPECTOR = '2.12.0';

/** The MCP server as its users get it. */
export interface PackedMcp {
  /** The program, in an empty folder that it was installed in. */
  readonly program: string;
  readonly folder: string;
  remove(): void;
}

/** Packs the server and installs it where nothing else is; it depends on nothing, so nothing is fetched. */
export async function installPackedMcp(): Promise<PackedMcp> {
  const folder = mkdtempSync(join(tmpdir(), 'waiaas-packed-'));
  await run('pnpm', ['pack', '--pack-destination', folder], { cwd: MCP });
  const [tarball = ''] = readdirSync(folder);
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--prefix', folder, join(folder, tarball)], {
    cwd: folder,
  });
  return {
    folder,
    program: join(folder, 'node_modules', '@waiaas', 'mcp', 'bin', 'waiaas-mcp.mjs'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * The command line of the MCP inspector. It is large, so that it is fetched when it is first needed and kept beside the
 * other tools.
 */
export async function findInspector(): Promise<string> {
  const kept = join(TOOLS, `inspector-${INSPECTOR}`);
  const program = join(
    'node_modules',
    '@modelcontextprotocol',
    'inspector',
    'clients',
    'launcher',
    'build',
    'index.js',
  );
  if (!existsSync(join(kept, program))) {
    mkdirSync(TOOLS, { recursive: true });
    const partial = mkdtempSync(join(TOOLS, 'inspector-'));
    try {
      const wanted = `@modelcontextprotocol/inspector@${INSPECTOR}`;
      await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', partial, wanted]);
      if (!existsSync(kept)) renameSync(partial, kept);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  return join(kept, program);
}
