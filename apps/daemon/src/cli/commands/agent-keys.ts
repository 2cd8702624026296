import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ExportAgent } from '../../agent-keys/export-agent.ts';
import type { ImportAgent } from '../../agent-keys/import-agent.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { findPassword, type PasswordFlags } from '../../password/index.ts';
import type { CommandIo } from '../command-io.ts';
import { type CommandContext, warnAboutVariable } from '../context.ts';
import { facts, jsonLine } from '../output.ts';
import { type Handle, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

interface ExportOptions extends PasswordFlags {
  readonly output: string;
  readonly exportPasswordFile?: string;
}

interface ImportOptions extends PasswordFlags {
  readonly importPasswordFile?: string;
  readonly name?: string;
}

/** `waiaas agent export|import` (01 §3.10): with the daemon stopped, and never a password in the arguments. */
export function declareAgentKeys(
  group: Command,
  handle: Handle,
  { exportAgent, importAgent }: { readonly exportAgent: ExportAgent; readonly importAgent: ImportAgent },
): void {
  const out = group
    .command('export')
    .description('write an agent’s key, encrypted under a password of its own, into a file; the daemon must be stopped')
    .argument('<id|name>', 'id or name of the agent')
    .requiredOption('--output <path>', 'file to write')
    .option('--export-password-file <path>', 'file whose first line is the password of the export');
  handle<ExportOptions>(withPasswordOptions(out), (context, options, args) =>
    exportKey(context, options, args, exportAgent),
  );
  const into = group
    .command('import')
    .description('make an agent of a key that was exported; the daemon must be stopped')
    .argument('<path>', 'the file')
    .option('--import-password-file <path>', 'file whose first line is the password of the export')
    .option('--name <name>', 'name of the agent, in place of the one in the file');
  handle<ImportOptions>(withPasswordOptions(into), (context, options, args) =>
    importKey(context, options, args, importAgent),
  );
}

/** The master password; that of the file is another one and has its own source. */
async function masterPassword(context: CommandContext, flags: PasswordFlags): Promise<string> {
  const { io } = context;
  const { password, source } = await findPassword({ flags, env: io.env, ask: io.askHidden });
  if (source === 'variable') warnAboutVariable(context);
  return password;
}

async function passwordOfFile(
  io: CommandIo,
  option: string,
  path: string | undefined,
  ask: (hidden: (question: string) => Promise<string>) => Promise<string>,
): Promise<string> {
  if (path !== undefined) return (await findPassword({ flags: { passwordFile: path }, env: {}, ask: null })).password;
  if (io.askHidden === null) throw usageError(`There is no terminal to ask on: give ${option}.`);
  return ask(io.askHidden);
}

async function exportKey(
  context: CommandContext,
  options: ExportOptions,
  [agent = '']: readonly string[],
  exportAgent: ExportAgent,
): Promise<ExitCode> {
  const { io, json, dataDir } = context;
  const password = await masterPassword(context, options);
  const exportPassword = await passwordOfFile(
    io,
    '--export-password-file',
    options.exportPasswordFile,
    async (hidden) => {
      const chosen = await hidden('Password of the export (12 to 128 characters): ');
      if ((await hidden('The same again: ')) !== chosen) throw usageError('The two do not match.');
      return chosen;
    },
  );
  if (exportPassword === password)
    throw usageError('The password of the export must be another than the master password.');
  const output = resolve(options.output);
  const exported = await exportAgent({ dataDir, env: io.env, password, agent, output, exportPassword });
  io.out(
    json
      ? jsonLine(exported)
      : `Key exported.\n${facts([
          ['Agent', `${exported.name} (${exported.agentId})`],
          ['Address', exported.publicKey],
          ['File', exported.path],
        ])}`,
  );
  if (!json)
    io.err('Whoever has this file and its password has the money. A wallet belongs to one daemon at a time.\n');
  return EXIT.SUCCESS;
}

async function importKey(
  context: CommandContext,
  options: ImportOptions,
  [file = '']: readonly string[],
  importAgent: ImportAgent,
): Promise<ExitCode> {
  const { io, json, dataDir } = context;
  const password = await masterPassword(context, options);
  const importPassword = await passwordOfFile(io, '--import-password-file', options.importPasswordFile, (hidden) =>
    hidden('Password of the export: '),
  );
  const { name } = options;
  const imported = await importAgent({ dataDir, env: io.env, password, file: resolve(file), importPassword, name });
  io.out(
    json
      ? jsonLine(imported)
      : `Key imported.\n${facts([
          ['Agent', `${imported.name} (${imported.agentId})`],
          ['Chain', `${imported.chain} ${imported.network}`],
          ['Address', imported.publicKey],
        ])}`,
  );
  if (!json)
    io.err(
      'It has no session and no policy of its own. Use it nowhere else: a wallet belongs to one daemon at a time.\n',
    );
  return EXIT.SUCCESS;
}
