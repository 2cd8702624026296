import { setTimeout as wait } from 'node:timers/promises';
import { canonicalAddress } from '@waiaas/auth';
import {
  type AgentSummary,
  addressKey,
  type Chain,
  canonicalJson,
  type LeftBehind,
  type OwnerChain,
  type RecallResponse,
  recallListResponseSchema,
  recallResponseSchema,
  recoveryAddressResponseSchema,
} from '@waiaas/core';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { findAgent } from '../agent/find-agent.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, type OperatorSession, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine, table } from '../output.ts';
import { authorizationOfOwner } from '../owner/as-owner.ts';
import { connectedOwner } from '../owner/connected-owner.ts';
import { checkSource } from '../owner/obtain-signature.ts';
import type { OwnerRequest } from '../owner/request-message.ts';
import {
  SIGNING_HELP,
  type SignatureFlags,
  sourceOf,
  wantsSignature,
  withSignatureOptions,
} from '../owner/signature-options.ts';
import { type Handle, withPasswordOptions } from '../program.ts';
import { withElapsed } from '../progress.ts';
import { usageError } from '../usage-error.ts';

interface RecallOptions extends PasswordFlags, SignatureFlags {
  readonly to?: string;
  readonly includeUnlisted?: boolean;
  /** False with --no-keep-gas. */
  readonly keepGas: boolean;
  readonly asOwner?: boolean;
  readonly wait?: boolean;
}
interface RecoveryOptions extends PasswordFlags, SignatureFlags {
  readonly set?: string;
}

const POLL_MS = 1000;

/** `waiaas agent recall|recalls|recovery-address` (00 §3, 08 §2.5). */
export function agentRecallCommands(group: Command, handle: Handle): void {
  const recall = group
    .command('recall')
    .description('send everything an agent holds to its owner; the agent is suspended')
    .argument('<id|name>', 'id or name of the agent')
    .option('--to <address>', 'the address of the owner, or the recovery address of the agent (default: the owner)')
    .option('--include-unlisted', 'also tokens that no policy knows and the agent never paid with')
    .option('--no-keep-gas', 'leave nothing for moving later what cannot be moved now')
    .option('--as-owner', 'sign it as the owner; needed for another address than theirs, and for --no-keep-gas')
    .option('--wait', 'wait for its end; exit code 1 when something was missed')
    .addHelpText('after', SIGNING_HELP);
  handle<RecallOptions>(withPasswordOptions(withSignatureOptions(recall)), recallAgent);
  const recalls = group
    .command('recalls')
    .description('show the recalls of an agent, newest first')
    .argument('<id|name>', 'id or name of the agent');
  handle<PasswordFlags>(withPasswordOptions(recalls), listRecalls);
  const recovery = group
    .command('recovery-address')
    .description('show or set where funds of an agent may be sent beside the address of the owner')
    .argument('<id|name>', 'id or name of the agent')
    .option('--set <address>', 'register it, with the signature of the owner; it counts a day later')
    .addHelpText('after', SIGNING_HELP);
  handle<RecoveryOptions>(withPasswordOptions(withSignatureOptions(recovery)), recoveryAddress);
}

/** The kind of wallet that has addresses on a chain: those of EVM chains are the same on all of them. */
const walletKindOf = (chain: Chain): OwnerChain => (chain === 'solana' ? 'solana' : 'ethereum');

/** An address on the chain of an agent, in its canonical spelling. */
function addressFor({ chain }: AgentSummary, option: string, text: string): string {
  const address = canonicalAddress(walletKindOf(chain), text);
  if (address === null) throw usageError(`${option} must be an address on ${chain}.`, 'Check it letter by letter.');
  return address;
}

async function ownAddress(session: OperatorSession, { chain }: AgentSummary): Promise<string> {
  const owner = await connectedOwner(session);
  if (owner.chain === walletKindOf(chain)) return owner.address;
  throw new CliError({
    code: 'DESTINATION_REFUSED',
    message: `The owner is connected with a wallet on ${owner.chain}, and the agent is on ${chain}.`,
    hint: 'Register an address with "waiaas agent recovery-address --set", and name it with --to.',
    exitCode: EXIT.FAILURE,
  });
}

async function recallAgent(
  context: CommandContext,
  options: RecallOptions,
  [wanted = '']: readonly string[],
): Promise<ExitCode> {
  checkSource(sourceOf(options));
  const session = await operatorSession(context, options);
  const agent = await findAgent(session, wanted);
  const destination =
    options.to === undefined ? await ownAddress(session, agent) : addressFor(agent, '--to', options.to);
  const { includeUnlisted = false, keepGas } = options;
  const rawBody = canonicalJson({ destination, includeUnlisted, keepGas });
  const path = `/v1/owner/agents/${agent.id}/recall`;
  const request: OwnerRequest = { action: 'recall', method: 'POST', path, rawBody };
  const asOwner = options.asOwner === true || wantsSignature(options);
  const subject = `send everything that ${agent.name} (${agent.publicKey}) holds to ${destination}`;
  const credential = asOwner
    ? { port: session.port, authorization: await authorizationOfOwner(context, session, options, { request, subject }) }
    : session;
  const recall = await callDaemon({ ...credential, method: 'POST', path, rawBody, answer: recallResponseSchema });
  const { io, json } = context;
  if (options.wait !== true) {
    io.out(json ? jsonLine(recall) : `The recall has begun; the agent is suspended.\n${recallText(recall)}`);
    if (!json) io.err(`See "waiaas agent recalls ${agent.id}" for its end.\n`);
    return EXIT.SUCCESS;
  }
  const ended = await withElapsed(context, 'Waiting for the end of the recall', () => untilEnded(session, recall));
  io.out(json ? jsonLine(ended) : recallText(ended));
  return ended.status === 'COMPLETED' ? EXIT.SUCCESS : EXIT.FAILURE;
}

async function untilEnded(session: OperatorSession, begun: RecallResponse): Promise<RecallResponse> {
  let recall = begun;
  while (recall.status === 'PENDING' || recall.status === 'EXECUTING') {
    await wait(POLL_MS);
    recall = await callDaemon({
      ...session,
      method: 'GET',
      path: `/v1/owner/recalls/${recall.recallId}`,
      answer: recallResponseSchema,
    });
  }
  return recall;
}

const LEFT: Readonly<Record<LeftBehind['reason'], string>> = {
  FROZEN: 'frozen by its issuer',
  UNSUPPORTED: 'a kind of token that is not paid with',
  UNLISTED: 'of no policy and never paid with; --include-unlisted takes it',
  NEEDS_GAS: 'the wallet cannot pay for the transfer',
  FAILED: 'the transfer failed',
  KEPT_FOR_GAS: 'kept to move the rest later',
  DUST: 'less than its own transfer costs',
};

/** A recall for a person. Amounts are base units. */
function recallText(recall: RecallResponse): string {
  const { transactions, left } = recall;
  const head = facts([
    ['Recall', recall.recallId],
    ['Status', recall.error === undefined ? recall.status : `${recall.status} (${recall.error})`],
    ['To', recall.destination],
    ['Requested', `${recall.requestedAt} by ${recall.requestedBy}`],
    ...(recall.endedAt === undefined ? [] : [['Ended', recall.endedAt] as const]),
  ]);
  const moved = table(
    ['ASSET', 'AMOUNT', 'STATUS', 'TRANSACTION'],
    transactions.map(({ asset, amount, status, txHash }) => [asset, amount, status, txHash ?? '']),
  );
  const stayed = table(
    ['LEFT BEHIND', 'AMOUNT', 'WHY'],
    left.map(({ asset, balance, reason, detail }) => [
      asset,
      balance,
      detail === undefined ? LEFT[reason] : `${LEFT[reason]}: ${detail}`,
    ]),
  );
  return [head, ...(transactions.length === 0 ? [] : [moved]), ...(left.length === 0 ? [] : [stayed])].join('\n');
}

async function listRecalls(
  context: CommandContext,
  flags: PasswordFlags,
  [wanted = '']: readonly string[],
): Promise<ExitCode> {
  const session = await operatorSession(context, flags);
  const agent = await findAgent(session, wanted);
  const { recalls } = await callDaemon({
    ...session,
    method: 'GET',
    path: `/v1/owner/agents/${agent.id}/recalls`,
    answer: recallListResponseSchema,
  });
  const { io, json } = context;
  if (json) io.out(jsonLine({ recalls }));
  else if (recalls.length === 0) io.out('Nothing was ever recalled from this agent.\n');
  else io.out(recalls.map(recallText).join('\n\n'));
  return EXIT.SUCCESS;
}

async function recoveryAddress(
  context: CommandContext,
  options: RecoveryOptions,
  [wanted = '']: readonly string[],
): Promise<ExitCode> {
  checkSource(sourceOf(options));
  const session = await operatorSession(context, options);
  const agent = await findAgent(session, wanted);
  const path = `/v1/owner/agents/${agent.id}/recovery-address`;
  const answer = recoveryAddressResponseSchema;
  const registered =
    options.set === undefined
      ? await callDaemon({ ...session, method: 'GET', path, answer })
      : await setRecoveryAddress(context, session, options, { agent, path, text: options.set });
  const { io, json } = context;
  const { address, next } = registered;
  io.out(
    json
      ? jsonLine(registered)
      : facts([
          ['Agent', agent.name],
          ['Recovery address', address ?? 'none; only the address of the owner'],
          ...(next === null ? [] : [['Next', `${next.address}, from ${next.activeFrom} on`] as const]),
        ]),
  );
  return EXIT.SUCCESS;
}

async function setRecoveryAddress(
  context: CommandContext,
  session: OperatorSession,
  flags: SignatureFlags,
  { agent, path, text }: { readonly agent: AgentSummary; readonly path: string; readonly text: string },
) {
  const address = addressFor(agent, '--set', text);
  if (addressKey(agent.chain, address) === addressKey(agent.chain, agent.publicKey)) {
    throw usageError('--set must not be the address of the agent itself.');
  }
  const rawBody = canonicalJson({ address });
  const request: OwnerRequest = { action: 'recall', method: 'PUT', path, rawBody };
  const subject = `let everything of ${agent.name} be sent to ${address}, from a day from now on`;
  const authorization = await authorizationOfOwner(context, session, flags, { request, subject });
  return callDaemon({
    ...session,
    method: 'PUT',
    path,
    rawBody,
    authorization,
    answer: recoveryAddressResponseSchema,
  });
}
