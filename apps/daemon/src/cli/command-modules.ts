import { agentCommands } from './commands/agent.ts';
import { auditCommands, type VerifyDataDir } from './commands/audit.ts';
import { backupCommands } from './commands/backup.ts';
import { completionCommand } from './commands/completion.ts';
import { decisionCommands } from './commands/decisions.ts';
import { doctorCommand } from './commands/doctor.ts';
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
import type { CommandModule } from './program.ts';

const verifyAudit: VerifyDataDir = async (options) =>
  (await import('./audit/verify-data-dir.ts')).verifyDataDir(options);

/**
 * Every command there is.
 * @param childModule the program of a background daemon
 */
export const commandModules = (childModule: string): readonly CommandModule[] => [
  // Loaded when needed: a command that only asks the daemon answers at once.
  initCommand(async (...parameters) => (await import('../runtime/initialise.ts')).initialise(...parameters)),
  startCommand(async (options) => (await import('../runtime/start-daemon.ts')).startDaemon(options), childModule),
  stopCommand,
  statusCommand,
  agentCommands({
    exportAgent: async (options) => (await import('../agent-keys/export-agent.ts')).exportAgent(options),
    importAgent: async (options) => (await import('../agent-keys/import-agent.ts')).importAgent(options),
  }),
  sessionCommands,
  mcpCommands,
  ownerCommands,
  secretCommands,
  decisionCommands,
  killSwitchCommands,
  auditCommands(verifyAudit),
  notificationCommands,
  telegramCommands,
  backupCommands(
    async (options) => (await import('../backup/create-backup.ts')).createBackup(options),
    async (options) => (await import('../backup/restore-backup.ts')).restoreBackup(options),
  ),
  doctorCommand(async (options) => (await import('../doctor/run-doctor.ts')).runDoctor(options), verifyAudit),
  completionCommand,
];
