import { resolve } from 'node:path';
import { systemClock } from '@waiaas/core';
import { listBackups } from '../../backup/backup-files.ts';
import type { CreateBackup, RestoreBackup } from '../../backup/commands.ts';
import { dataPaths } from '../../data-dir/index.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type CommandContext, warn } from '../context.ts';
import { facts, jsonLine, table } from '../output.ts';
import { type CommandModule, wholeNumber } from '../program.ts';
import { withProgress } from '../progress.ts';

interface CreateOptions {
  readonly output?: string;
  readonly maxBackups: string;
}

interface RestoreCommandOptions {
  readonly force?: boolean;
}

/** `waiaas backup create|list|restore` (01 §3.10, §5.5). */
export const backupCommands =
  (createBackup: CreateBackup, restoreBackup: RestoreBackup): CommandModule =>
  (program, handle) => {
    const backup = program.command('backup').description('archives of the whole data directory');
    const create = backup
      .command('create')
      .description('write keys, database and settings into one archive; the daemon may run, no password is needed')
      .option('--output <path>', 'file to write, in place of a new one in backups/')
      .option('--max-backups <n>', 'archives to keep in backups/', '10');
    handle<CreateOptions>(create, (context, options) => createArchive(context, options, createBackup));
    handle(backup.command('list').description('the archives in backups/'), listArchives);
    const restore = backup
      .command('restore')
      .description('put an archive back; the daemon must be stopped, and every session ends')
      .argument('<path>', 'the archive')
      .option('--force', 'replace a data directory that is in use; what was there is kept in backups/');
    handle<RestoreCommandOptions>(restore, (context, options, args) =>
      restoreArchive(context, options, args, restoreBackup),
    );
  };

const mebibytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

async function createArchive(
  context: CommandContext,
  options: CreateOptions,
  createBackup: CreateBackup,
): Promise<ExitCode> {
  const { io, json, dataDir } = context;
  const keep = wholeNumber('--max-backups', options.maxBackups, 1, 10_000);
  const made = await withProgress(context, (onStep) =>
    createBackup({ dataDir, env: io.env, clock: systemClock, output: options.output, keep, onStep }),
  );
  if (json) io.out(jsonLine(made));
  else {
    io.out(
      `Backup made.\n${facts([
        ['File', made.path],
        ['Size', mebibytes(made.sizeBytes)],
        ['Keys', String(made.keys)],
      ])}`,
    );
    io.err(
      'The keys in it are encrypted under the master password; the database and config.toml are not encrypted. Keep it private, and keep the password elsewhere.\n',
    );
  }
  return EXIT.SUCCESS;
}

async function listArchives({ io, json, dataDir }: CommandContext): Promise<ExitCode> {
  const backups = listBackups(dataPaths(dataDir).backups);
  if (json) io.out(jsonLine({ backups }));
  else if (backups.length === 0) io.out('There are no backups. Make one with "waiaas backup create".\n');
  else {
    const rows = backups.map(({ path, createdAt, sizeBytes }) => [createdAt, mebibytes(sizeBytes), path]);
    io.out(table(['MADE', 'SIZE', 'FILE'], rows));
  }
  return EXIT.SUCCESS;
}

async function restoreArchive(
  context: CommandContext,
  options: RestoreCommandOptions,
  [path = '']: readonly string[],
  restoreBackup: RestoreBackup,
): Promise<ExitCode> {
  const { io, json, dataDir } = context;
  const { ask } = io;
  const restored = await withProgress(context, (onStep) =>
    restoreBackup({
      dataDir,
      archive: resolve(path),
      force: options.force === true,
      home: io.home,
      clock: systemClock,
      onStep,
      async confirmReplace() {
        // With nobody to ask, --force is the answer.
        if (ask === null) return true;
        io.status?.('');
        const answer = await ask(
          `This sets ${dataDir} back to the backup. What is there now is kept in backups/. Type "restore" to go on: `,
        );
        return answer.trim() === 'restore';
      },
    }),
  );
  for (const warning of restored.warnings) warn(context, warning);
  if (json) {
    io.out(jsonLine({ restored: true, dataDir, ...restored }));
    return EXIT.SUCCESS;
  }
  io.out(
    `The backup is put back.\n${facts([
      ['Made', restored.createdAt],
      ['Agents', String(restored.agents)],
      ['Before', restored.replaced ?? 'there was nothing'],
    ])}`,
  );
  io.err(
    [
      'Every session has ended. Payments made since the backup are not in its books, and whatever waits in it is cancelled.',
      'The daemon starts with the kill switch engaged, so that nothing is paid twice by two daemons or beyond a cap:',
      '  1. See that no other daemon works with these keys any more.',
      '  2. waiaas start',
      '  3. waiaas recover          the owner signs; without an owner, the master password alone',
      '  4. waiaas policy list      whether these are the rules you mean',
      '  5. waiaas session create   for each agent; before that nothing is paid\n',
    ].join('\n'),
  );
  return EXIT.SUCCESS;
}
