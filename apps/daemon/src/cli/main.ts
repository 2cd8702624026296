import { homedir } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { restrictUmask } from '../data-dir/index.ts';
import { isSystemError } from '../system-error.ts';
import { processIo } from './command-io.ts';
import { agentCommands } from './commands/agent.ts';
import { auditCommands } from './commands/audit.ts';
import { decisionCommands } from './commands/decisions.ts';
import { initCommand } from './commands/init.ts';
import { killSwitchCommands } from './commands/kill-switch.ts';
import { mcpCommands } from './commands/mcp.ts';
import { notificationCommands } from './commands/notifications.ts';
import { ownerCommands } from './commands/owner.ts';
import { secretCommands } from './commands/secrets.ts';
import { sessionCommands } from './commands/session.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { stopCommand } from './commands/stop.ts';
import { telegramCommands } from './commands/telegram.ts';
import { runCli } from './program.ts';

/** A reader that has gone (`waiaas start | head`) must not end a daemon. */
const ignoreClosedReader = (error: Error): void => {
  if (!isSystemError(error, 'EPIPE')) throw error;
};

/** Runs the `waiaas` command in this process and ends it with its exit code. */
export async function main(): Promise<void> {
  const umask = restrictUmask();
  process.stdout.on('error', ignoreClosedReader);
  process.stderr.on('error', ignoreClosedReader);
  // Beside this file, built or not.
  const childModule = fileURLToPath(new URL(`background-main${extname(import.meta.url)}`, import.meta.url));
  const code = await runCli(process.argv.slice(2), processIo(homedir(), umask), [
    // Loaded when needed: a command that only asks the daemon answers at once.
    initCommand(async (...parameters) => (await import('../runtime/initialise.ts')).initialise(...parameters)),
    startCommand(async (options) => (await import('../runtime/start-daemon.ts')).startDaemon(options), childModule),
    stopCommand,
    statusCommand,
    agentCommands,
    sessionCommands,
    mcpCommands,
    ownerCommands,
    secretCommands,
    decisionCommands,
    killSwitchCommands,
    auditCommands(async (options) => (await import('./audit/verify-data-dir.ts')).verifyDataDir(options)),
    notificationCommands,
    telegramCommands,
  ]);
  // Not left to the event loop: nothing that is still open may keep a finished command alive.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
