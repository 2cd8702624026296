import type { VerifyDataDir } from './commands/audit.ts';
import type { CommandModule } from './program.ts';

const verifyAudit: VerifyDataDir = async (options) =>
  (await import('./audit/verify-data-dir.ts')).verifyDataDir(options);

interface Loader {
  /** What its commands begin with. */
  readonly words: readonly string[];
  readonly load: (childModule: string) => Promise<CommandModule>;
}

/** In the order of the help. What does the work is loaded when it is needed. */
const LOADERS: readonly Loader[] = [
  {
    words: ['init'],
    load: async () =>
      (await import('./commands/init.ts')).initCommand(async (...parameters) =>
        (await import('../runtime/initialise.ts')).initialise(...parameters),
      ),
  },
  {
    words: ['start'],
    load: async (childModule) =>
      (await import('./commands/start.ts')).startCommand(
        async (options) => (await import('../runtime/start-daemon.ts')).startDaemon(options),
        childModule,
      ),
  },
  { words: ['stop'], load: async () => (await import('./commands/stop.ts')).stopCommand },
  { words: ['status'], load: async () => (await import('./commands/status.ts')).statusCommand },
  {
    words: ['agent'],
    load: async () =>
      (await import('./commands/agent.ts')).agentCommands({
        exportAgent: async (options) => (await import('../agent-keys/export-agent.ts')).exportAgent(options),
        importAgent: async (options) => (await import('../agent-keys/import-agent.ts')).importAgent(options),
      }),
  },
  { words: ['session'], load: async () => (await import('./commands/session.ts')).sessionCommands },
  { words: ['mcp'], load: async () => (await import('./commands/mcp.ts')).mcpCommands },
  { words: ['owner'], load: async () => (await import('./commands/owner.ts')).ownerCommands },
  { words: ['policy'], load: async () => (await import('./commands/policy.ts')).policyCommands },
  { words: ['settings'], load: async () => (await import('./commands/settings.ts')).settingsCommands },
  { words: ['password', 'secret'], load: async () => (await import('./commands/secrets.ts')).secretCommands },
  { words: ['explain', 'replay'], load: async () => (await import('./commands/decisions.ts')).decisionCommands },
  {
    words: ['kill-switch', 'recover'],
    load: async () => (await import('./commands/kill-switch.ts')).killSwitchCommands,
  },
  { words: ['audit'], load: async () => (await import('./commands/audit.ts')).auditCommands(verifyAudit) },
  { words: ['notifications'], load: async () => (await import('./commands/notifications.ts')).notificationCommands },
  { words: ['telegram'], load: async () => (await import('./commands/telegram.ts')).telegramCommands },
  {
    words: ['backup'],
    load: async () =>
      (await import('./commands/backup.ts')).backupCommands(
        async (options) => (await import('../backup/create-backup.ts')).createBackup(options),
        async (options) => (await import('../backup/restore-backup.ts')).restoreBackup(options),
      ),
  },
  {
    words: ['doctor'],
    load: async () =>
      (await import('./commands/doctor.ts')).doctorCommand(
        async (options) => (await import('../doctor/run-doctor.ts')).runDoctor(options),
        verifyAudit,
      ),
  },
  { words: ['completion'], load: async () => (await import('./commands/completion.ts')).completionCommand },
];

/** The word that says which command is meant, or undefined where a line has none. */
export const commandWord = (argv: readonly string[]): string | undefined =>
  argv.find((word, index) => !word.startsWith('-') && argv[index - 1] !== '--data-dir');

/**
 * The commands that a line can mean: those that begin with its first word, so that a command that only asks the daemon
 * answers at once; or every command there is.
 *
 * @param childModule the program of a background daemon
 * @param word see `commandWord`; absent: all
 */
export function commandModules(childModule: string, word?: string): Promise<readonly CommandModule[]> {
  // Completion knows all of them.
  const meant = LOADERS.filter(({ words }) => word !== undefined && word !== 'completion' && words.includes(word));
  return Promise.all((meant.length > 0 ? meant : LOADERS).map(({ load }) => load(childModule)));
}
