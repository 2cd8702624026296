import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What decides where programs keep their settings. */
export interface Place {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** An AI tool that speaks MCP, and the file in which it keeps its servers. */
export interface AiClient {
  /** As it is written on the command line. */
  readonly id: string;
  /** As people know it. */
  readonly title: string;
  readonly path: string;
  /** The field of the file that holds the servers, by name. */
  readonly field: 'mcpServers' | 'servers';
  /** Whether its entries say that the server is a program. */
  readonly typed: boolean;
  readonly installed: boolean;
}

/** The AI tools that are known, where they keep their servers, and whether they are there. */
export function aiClients(place: Place): readonly AiClient[] {
  const { home, env } = place;
  const settings = settingsFolder(place);
  const claudeCode = env.CLAUDE_CONFIG_DIR ?? home;
  const client = (
    id: string,
    title: string,
    path: string,
    /** There where the tool is. */
    mark: string,
    field: AiClient['field'] = 'mcpServers',
    typed = false,
  ): AiClient => ({ id, title, path, field, typed, installed: existsSync(path) || existsSync(mark) });
  const claudeDesktop = join(settings, 'Claude');
  const code = join(settings, 'Code', 'User');
  const windsurf = join(home, '.codeium', 'windsurf');
  return [
    client('claude-desktop', 'Claude Desktop', join(claudeDesktop, 'claude_desktop_config.json'), claudeDesktop),
    client('claude-code', 'Claude Code', join(claudeCode, '.claude.json'), join(home, '.claude'), 'mcpServers', true),
    client('cursor', 'Cursor', join(home, '.cursor', 'mcp.json'), join(home, '.cursor')),
    client('vscode', 'VS Code', join(code, 'mcp.json'), code, 'servers', true),
    client('windsurf', 'Windsurf', join(windsurf, 'mcp_config.json'), windsurf),
  ];
}

/** Where programs with a window keep their settings. */
function settingsFolder({ platform, home, env }: Place): string {
  switch (platform) {
    case 'darwin':
      return join(home, 'Library', 'Application Support');
    case 'win32':
      return env.APPDATA ?? join(home, 'AppData', 'Roaming');
    default:
      return env.XDG_CONFIG_HOME ?? join(home, '.config');
  }
}
