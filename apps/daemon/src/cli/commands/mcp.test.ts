import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VERSION } from '../../version.ts';
import type { CommandIo } from '../command-io.ts';
import { aiClients } from '../mcp/ai-clients.ts';
import { serverEntry } from '../mcp/server-entry.ts';
import { runCli } from '../program.ts';
import { mcpCommands } from './mcp.ts';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const TOKEN = `wai_sess_${encode({ alg: 'HS256' })}.${encode({ sid: '01938e5c-0000-7000-8000-000000000001' })}.canary`;

let home: string;
let tokenFile: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'waiaas-mcp-setup-'));
  tokenFile = put('token', `${TOKEN}\n`);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function put(name: string, text: string, mode = 0o600): string {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}
const read = (name: string): string => readFileSync(join(home, name), 'utf8');
const backups = (name: string): string[] =>
  readdirSync(dirname(join(home, name))).filter((entry) => entry.endsWith('.bak'));

async function waiaas(...args: readonly string[]) {
  const finished = { code: -1, out: '', err: '' };
  const io: CommandIo = {
    out: (text) => {
      finished.out += text;
    },
    err: (text) => {
      finished.err += text;
    },
    env: {},
    home,
    umask: 0o077,
    status: null,
    askHidden: null,
    ask: null,
    inputLine: async () => null,
  };
  finished.code = await runCli(['--data-dir', join(home, 'data'), 'mcp', 'setup', ...args], io, [mcpCommands]);
  expect(finished.out + finished.err).not.toContain('canary');
  return finished;
}
const setUp = (...args: readonly string[]) => waiaas('--token-file', tokenFile, ...args);

/** What the wallet's entry is made of. */
const entry = () => ({
  command: 'npx',
  args: ['-y', `@waiaas/mcp@${VERSION}`],
  env: { WAIAAS_SESSION_TOKEN_FILE: tokenFile, WAIAAS_BASE_URL: 'http://127.0.0.1:3100' },
});

describe('the settings of AI tools', () => {
  test.each([
    ['claude-desktop', '.config/Claude/claude_desktop_config.json', { mcpServers: { 'waiaas-wallet': {} } }],
    ['claude-code', '.claude.json', { mcpServers: { 'waiaas-wallet': { type: 'stdio' } } }],
    ['cursor', '.cursor/mcp.json', { mcpServers: { 'waiaas-wallet': {} } }],
    ['vscode', '.config/Code/User/mcp.json', { servers: { 'waiaas-wallet': { type: 'stdio' } } }],
    ['windsurf', '.codeium/windsurf/mcp_config.json', { mcpServers: { 'waiaas-wallet': {} } }],
  ])('of %s are made where there are none, for nobody else to read', async (client, file, shape) => {
    expect(await setUp('--client', client)).toMatchObject({ code: 0 });
    const written = JSON.parse(read(file));
    expect(written).toMatchObject(shape);
    expect(Object.values(Object(Object.values(written)[0]))[0]).toMatchObject(entry());
    expect(statSync(join(home, file)).mode & 0o777).toBe(0o600);
    expect(read(file)).not.toContain('canary');
  });

  test('are written for every tool that is there, and for no other', async () => {
    mkdirSync(join(home, '.cursor'));
    mkdirSync(join(home, '.claude'));
    const { code, out } = await setUp('--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).clients.map(({ client }: { client: string }) => client)).toEqual(['claude-code', 'cursor']);
    expect(readdirSync(home)).not.toContain('.codeium');
  });

  test('keep everything that is in them: other servers, comments, layout, mode; and are put aside before', async () => {
    const before = `{
    // mine
    "theme": "dark",
    "mcpServers": {
        "files": { "command": "npx", "args": ["files"] }, /* do not touch */
    },
    "after": [1, 2]
}
`;
    put('.cursor/mcp.json', before, 0o640);
    expect((await setUp('--client', 'cursor')).code).toBe(0);
    const after = read('.cursor/mcp.json');
    for (const kept of ['// mine', '/* do not touch */', '"after": [1, 2]']) expect(after).toContain(kept);
    expect(after.replaceAll(/\s+/g, '')).toContain('"files":{"command":"npx","args":["files"]}');
    expect(after.split('\n')[1]).toBe('    // mine');
    expect(after).toContain('        "waiaas-wallet": {');
    expect(statSync(join(home, '.cursor/mcp.json')).mode & 0o777).toBe(0o640);
    const [copy = ''] = backups('.cursor/mcp.json');
    expect(read(`.cursor/${copy}`)).toBe(before);
    expect(readdirSync(join(home, '.cursor'))).toHaveLength(2);
  });

  test('set up twice are written once', async () => {
    await setUp('--client', 'vscode');
    const first = read('.config/Code/User/mcp.json');
    const { code, out } = await setUp('--client', 'vscode');
    expect([code, out]).toEqual([0, expect.stringContaining('as it was')]);
    expect(read('.config/Code/User/mcp.json')).toBe(first);
    expect(backups('.config/Code/User/mcp.json')).toEqual([]);
  });

  test('an entry that is there keeps what this does not say', async () => {
    const present = { disabled: true, command: 'old', args: [], env: { HTTP_PROXY: 'x', WAIAAS_SESSION_TOKEN: 'old' } };
    put('.cursor/mcp.json', JSON.stringify({ mcpServers: { 'waiaas-wallet': present } }));
    await setUp('--client', 'cursor');
    expect(JSON.parse(read('.cursor/mcp.json')).mcpServers['waiaas-wallet']).toEqual({
      ...entry(),
      disabled: true,
      env: { HTTP_PROXY: 'x', ...entry().env },
    });
  });

  test('that are a link stay one', async () => {
    put('dotfiles/mcp.json', '{}');
    mkdirSync(join(home, '.cursor'));
    symlinkSync(join(home, 'dotfiles/mcp.json'), join(home, '.cursor/mcp.json'));
    await setUp('--client', 'cursor');
    expect(JSON.parse(read('dotfiles/mcp.json')).mcpServers['waiaas-wallet']).toEqual(entry());
    expect(readdirSync(join(home, '.cursor'))).toEqual(['mcp.json']);
  });

  test.each([
    '{',
    '[]',
    '"text"',
    '{"mcpServers": []}',
    '{"mcpServers": {"waiaas-wallet": "x"}}',
    '\u00ff\u0000',
    '{} {}',
  ])('that are not understood (%j) are left alone, and so are all others', async (text) => {
    put('.cursor/mcp.json', text);
    const { code, err } = await setUp('--client', 'claude-code', 'cursor', '--json');
    expect([code, JSON.parse(err).code]).toEqual([1, 'CLIENT_CONFIG_UNREADABLE']);
    expect(read('.cursor/mcp.json')).toBe(text);
    expect(readdirSync(home).sort()).toEqual(['.cursor', 'token']);
  });

  test('an empty file is as none', async () => {
    put('.cursor/mcp.json', '');
    expect((await setUp('--client', 'cursor')).code).toBe(0);
    expect(JSON.parse(read('.cursor/mcp.json')).mcpServers['waiaas-wallet']).toEqual(entry());
  });

  test('are only printed on request', async () => {
    mkdirSync(join(home, '.cursor'));
    const { code, out } = await setUp('--print');
    expect([code, JSON.parse(out)]).toEqual([0, { mcpServers: { 'waiaas-wallet': entry() } }]);
    expect(JSON.parse((await setUp('--print', '--client', 'vscode')).out)).toHaveProperty('servers');
    expect(readdirSync(join(home, '.cursor'))).toEqual([]);
  });

  test('may name another server, and a file to start instead of the package', async () => {
    const server = put('mcp.mjs', '');
    await setUp('--client', 'cursor', '--name', 'savings', '--server-file', server);
    expect(JSON.parse(read('.cursor/mcp.json')).mcpServers.savings).toMatchObject({
      command: process.execPath,
      args: [server],
    });
  });
});

describe('what cannot be meant', () => {
  test.each([
    [[], /--agent-id|--token-file/],
    [['--agent-id', 'x'], /must be the id/],
    [['--token-file', '/nowhere', '--client', 'cursor'], /cannot be read/],
    [['--token-file', '/dev/null', '--client', 'cursor'], /not a file|no session token/],
    [['--token-file', 'TOKEN', '--client', 'emacs'], /--client must be one of/],
    [['--token-file', 'TOKEN', '--client', 'cursor', '--name', 'a b'], /--name/],
    [['--token-file', 'TOKEN', '--client', 'cursor', '--expires-in', '300'], /--agent-id/],
    [['--token-file', 'TOKEN', '--client', 'cursor', '--server-file', '/nowhere'], /no file/],
    [['--token-file', 'TOKEN'], /None of the AI tools/],
  ] as const)('%j is refused, and nothing is written', async (args, reason) => {
    const { code, err } = await waiaas(...args.map((arg) => (arg === 'TOKEN' ? tokenFile : arg)));
    expect(code).toBe(1);
    expect(err).toMatch(reason);
    expect(readdirSync(home)).toEqual(['token']);
  });

  test('a file that holds something else than a token is never replaced', async () => {
    const precious = put('notes', 'canary notes');
    const { code } = await waiaas(
      ...['--agent-id', '01938e5c-0000-7000-8000-0000000000aa', '--token-file', precious, '--client', 'cursor'],
    );
    expect(code).toBe(1);
    expect(read('notes')).toBe('canary notes');
  });
});

test('every system keeps settings in its own place', () => {
  const at = (platform: NodeJS.Platform, env = {}): string[] =>
    aiClients({ platform, home: '/home/me', env }).map(({ path }) => path.replaceAll('\\', '/'));
  expect(at('darwin')).toContain('/home/me/Library/Application Support/Claude/claude_desktop_config.json');
  expect(at('darwin')).toContain('/home/me/Library/Application Support/Code/User/mcp.json');
  expect(at('win32', { APPDATA: '/roaming' })).toContain('/roaming/Claude/claude_desktop_config.json');
  expect(at('linux', { XDG_CONFIG_HOME: '/xdg' })).toContain('/xdg/Code/User/mcp.json');
  expect(at('linux', { CLAUDE_CONFIG_DIR: '/claude' })).toContain('/claude/.claude.json');
});

test('on Windows npx is started by a shell', () => {
  expect(serverEntry({ platform: 'win32', tokenFile: 'C:\\t', port: 1 })).toMatchObject({
    command: 'cmd',
    args: ['/c', 'npx', '-y', `@waiaas/mcp@${VERSION}`],
  });
});
