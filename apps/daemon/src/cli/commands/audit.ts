import type { AuditVerification } from '@waiaas/core';
import { auditLogResponseSchema } from '@waiaas/core';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { findPassword, type PasswordFlags } from '../../password/index.ts';
import { type CommandContext, operatorSession, warnAboutVariable } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine, table } from '../output.ts';
import { type CommandModule, wholeNumber, withPasswordOptions } from '../program.ts';
import { withProgress } from '../progress.ts';

/** Checks the audit log of a data directory; with the vault's password its seals as well. */
export type VerifyDataDir = (options: {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Null: links and heads only. */
  readonly password: string | null;
  /** In place of the configured file of heads. */
  readonly anchorFile: string | undefined;
  /** Told how far it is. */
  readonly onStep: (text: string) => void;
}) => Promise<AuditVerification>;

interface VerifyOptions extends PasswordFlags {
  readonly anchors?: string;
  readonly linksOnly?: boolean;
}

interface ListOptions extends PasswordFlags {
  readonly limit: string;
  readonly event?: string;
  readonly severity?: string;
  readonly agent?: string;
  readonly tx?: string;
}

/** `waiaas audit verify` and `waiaas audit list` (00 "CLI added", 09 no. 5). */
export const auditCommands =
  (verifyDataDir: VerifyDataDir): CommandModule =>
  (program, handle) => {
    const audit = program.command('audit').description('the record of everything the daemon did');
    const verify = audit
      .command('verify')
      .description(
        'check that nobody has changed the audit log: reads the files of the data directory, whether or not a daemon runs; exit code 1 when something is wrong',
      )
      .option('--anchors <path>', 'file of heads that was kept elsewhere, in place of the configured one')
      .option('--links-only', 'without the password: seals are not checked');
    handle<VerifyOptions>(withPasswordOptions(verify), (context, options) =>
      verifyAudit(context, options, verifyDataDir),
    );
    const list = audit
      .command('list')
      .description('the newest rows of the audit log')
      .option('--limit <n>', 'rows, 1 to 100', '20')
      .option('--event <name>', 'rows of this name only, such as TX_APPROVED')
      .option('--severity <level>', 'info, warning or critical')
      .option('--agent <id>', 'rows about this agent')
      .option('--tx <id>', 'rows about this payment');
    handle<ListOptions>(withPasswordOptions(list), listAudit);
  };

/** What a check has found, in words. */
function reportText(report: AuditVerification): string {
  const { intact, rows, lastId, lastHash, sealedTo, sealsChecked, anchors, findings, faults } = report;
  const unsealed = (lastId ?? 0) - (sealedTo ?? 0);
  const lines = facts([
    ['Audit log', intact ? 'intact' : `NOT INTACT: ${faults} ${faults === 1 ? 'fault' : 'faults'}`],
    ['Rows', `${rows}`],
    ['Last link', lastHash],
    ['Sealed', sealedTo === null ? 'nothing' : `up to row ${sealedTo}`],
    ['Seals checked', sealsChecked ? 'yes' : 'no'],
    ['Heads from outside', `${anchors}`],
  ]);
  const told = findings.map(({ fault, auditId, text }) => [fault, String(auditId), text]);
  return [
    lines,
    unsealed > 0
      ? `The last ${unsealed} rows are under no seal: they were written while the keystore was locked.\n`
      : '',
    told.length === 0 ? '' : `\n${table(['Fault', 'Row', 'What is wrong'], told)}`,
    faults > told.length ? `… and ${faults - told.length} more\n` : '',
  ].join('');
}

async function verifyAudit(
  context: CommandContext,
  options: VerifyOptions,
  verifyDataDir: VerifyDataDir,
): Promise<ExitCode> {
  const { io, json, dataDir } = context;
  let password: string | null = null;
  if (options.linksOnly !== true) {
    const found = await findPassword({ flags: options, env: io.env, ask: io.askHidden });
    if (found.source === 'variable') warnAboutVariable(context);
    password = found.password;
  }
  const report = await withProgress(context, (onStep) =>
    verifyDataDir({ dataDir, env: io.env, password, anchorFile: options.anchors, onStep }),
  );
  io.out(json ? jsonLine(report) : reportText(report));
  return report.intact ? EXIT.SUCCESS : EXIT.FAILURE;
}

async function listAudit(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { io, json } = context;
  const limit = wholeNumber('--limit', options.limit, 1, 100);
  const { event, severity, agent: agentId, tx: transactionId } = options;
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries({ event, severity, agentId, transactionId })) {
    if (value !== undefined) query.set(name, value);
  }
  const answer = await callDaemon({
    ...(await operatorSession(context, options)),
    method: 'GET',
    path: `/v1/owner/audit-log?${query}`,
    answer: auditLogResponseSchema,
  });
  const rows = answer.entries.map((entry) => [
    String(entry.id),
    entry.timestamp,
    entry.severity,
    entry.event,
    entry.actor,
    entry.transactionId ?? entry.agentId ?? '',
  ]);
  io.out(json ? jsonLine(answer) : table(['Row', 'Time', 'Severity', 'Event', 'Actor', 'About'], rows));
  return EXIT.SUCCESS;
}
