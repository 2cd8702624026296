import {
  type DecisionRecordResponse,
  decisionRecordResponseSchema,
  isUuidV7,
  replayResponseSchema,
} from '@waiaas/core';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { type CommandContext, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine, table } from '../output.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';
import { withElapsed } from '../progress.ts';
import { usageError } from '../usage-error.ts';

/** Every decision is made again: on a long history that takes its time. */
const REPLAY_TIMEOUT_MS = 600_000;

/** `waiaas explain` and `waiaas replay` (09 no. 9). */
export const decisionCommands: CommandModule = (program, handle) => {
  const explain = program
    .command('explain')
    .description('say why a payment was decided the way it was, rule by rule')
    .argument('<txId>', 'id of the payment');
  handle<PasswordFlags>(withPasswordOptions(explain), explainDecision);
  const replay = program
    .command('replay')
    .description(
      'make every decision again from its record, and look for those the audit log knows of; exit code 1 when one comes out otherwise or is gone',
    );
  handle<PasswordFlags>(withPasswordOptions(replay), replayDecisions);
};

const text = (value: unknown): string =>
  value === null || value === undefined ? '-' : typeof value === 'object' ? JSON.stringify(value) : String(value);

/** What was decided, in a line. */
function verdictOf({ verdict, tier, status }: DecisionRecordResponse): string {
  if (verdict === null) return 'refused by its session, before the policies were asked';
  const { outcome, reason, raisedBy, delaySeconds } = verdict;
  if (outcome !== 'ALLOW') return `refused: ${text(reason)}`;
  const raised = raisedBy === null || raisedBy === undefined ? '' : `, raised by ${text(raisedBy)}`;
  const delay = typeof delaySeconds === 'number' ? ` of ${delaySeconds} s` : '';
  return `allowed with tier ${tier ?? text(verdict.tier)}${delay}${raised}; it is ${status} now`;
}

const REPLAY: Readonly<Record<DecisionRecordResponse['replay'], string>> = {
  same: 'comes out the same',
  session: 'cannot be made again: an earlier version refused it, and did not keep what session and agent were',
  not_authentic: 'NOT AUTHENTIC: somebody changed what it was decided by',
  different: 'DIFFERENT: this version of the daemon decides otherwise',
};

const rowOf = (criterion: Readonly<Record<string, unknown>>): readonly string[] => {
  const { policy, rule, observed, limit, passed } = criterion;
  const of =
    typeof policy === 'object' && policy !== null && 'type' in policy && 'version' in policy
      ? `${text(policy.type)} v${text(policy.version)}`
      : 'session';
  return [of, text(rule), text(observed), text(limit), passed === true ? 'yes' : 'NO'];
};

/** What was decided when the payment left the queue. */
function claimLines({ claim }: DecisionRecordResponse): readonly (readonly [string, string])[] {
  if (claim === undefined) return [];
  const problem = claim.replayProblem === undefined ? '' : ` (${claim.replayProblem})`;
  return [
    ['Left the queue', claim.decidedAt],
    ['Verdict then', claim.refusal === null ? 'still allowed' : `no longer allowed: ${claim.refusal}`],
    ['Made again', `${REPLAY[claim.replay]}${problem}`],
    ...claim.policies.map(({ policyId, version }) => ['Policy then', `${policyId} version ${version}`] as const),
  ];
}

async function explainDecision(
  context: CommandContext,
  flags: PasswordFlags,
  [id = '']: readonly string[],
): Promise<ExitCode> {
  if (!isUuidV7(id)) throw usageError('The payment must be named by its id.');
  const record = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'GET',
    path: `/v1/owner/decisions/${id}`,
    answer: decisionRecordResponseSchema,
  });
  const { io, json } = context;
  if (json) {
    io.out(jsonLine(record));
    return EXIT.SUCCESS;
  }
  const problem = record.replayProblem === undefined ? '' : ` (${record.replayProblem})`;
  io.out(
    facts([
      ['Transaction', record.transactionId],
      ['Agent', record.agentId],
      ['Decided', record.decidedAt],
      ['Verdict', verdictOf(record)],
      ['Made again', `${REPLAY[record.replay]}${problem}`],
      ...record.policies.map(({ policyId, version }) => ['Policy', `${policyId} version ${version}`] as const),
      ...claimLines(record),
    ]),
  );
  const checks = [...record.session, ...record.criteria, ...(record.claim?.criteria ?? [])];
  if (checks.length > 0) io.out(`\n${table(['OF', 'RULE', 'SEEN', 'BOUND', 'WITHIN'], checks.map(rowOf))}`);
  return EXIT.SUCCESS;
}

async function replayDecisions(context: CommandContext, flags: PasswordFlags): Promise<ExitCode> {
  const session = await operatorSession(context, flags);
  const replay = await withElapsed(context, 'The daemon decides everything again', () =>
    callDaemon({
      ...session,
      method: 'GET',
      path: '/v1/owner/decisions/replay',
      timeoutMs: REPLAY_TIMEOUT_MS,
      answer: replayResponseSchema,
    }),
  );
  const { io, json } = context;
  const code = replay.faultCount === 0 ? EXIT.SUCCESS : EXIT.FAILURE;
  if (json) {
    io.out(jsonLine(replay));
    return code;
  }
  io.out(
    facts([
      ['Decisions', String(replay.total)],
      ['Come out the same', String(replay.same)],
      ['Not kept by earlier versions', String(replay.refusedBySession)],
      ['Faults', String(replay.faultCount)],
    ]),
  );
  if (replay.faults.length > 0) {
    const rows = replay.faults.map(({ transactionId, verdict, what }) => [transactionId, verdict, what]);
    io.out(`\n${table(['TRANSACTION', 'FAULT', 'WHAT'], rows)}`);
  }
  return code;
}
