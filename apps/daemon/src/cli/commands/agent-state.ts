import { type AgentSummary, agentSummarySchema, agentTerminateSchema, canonicalJson } from '@waiaas/core';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { agentFacts } from '../agent/agent-facts.ts';
import { findAgent } from '../agent/find-agent.ts';
import { type CommandContext, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine } from '../output.ts';
import { authorizationOfOwner } from '../owner/as-owner.ts';
import { confirm } from '../owner/confirm.ts';
import { checkSource } from '../owner/obtain-signature.ts';
import type { OwnerRequest } from '../owner/request-message.ts';
import {
  SIGNING_HELP,
  type SignatureFlags,
  sourceOf,
  wantsSignature,
  withSignatureOptions,
} from '../owner/signature-options.ts';
import { type Handle, type Handler, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

interface TerminateOptions extends PasswordFlags, SignatureFlags {
  readonly waive?: readonly string[];
  readonly asOwner?: boolean;
}

/** `waiaas agent suspend|resume|terminate` (00 §3, 08 §2.1). */
export function agentStateCommands(group: Command, handle: Handle): void {
  const suspend = group
    .command('suspend')
    .description('stop an agent from paying, at once')
    .argument('<id|name>', 'id or name of the agent');
  handle<PasswordFlags>(withPasswordOptions(suspend), change('suspend', 'Suspended; it pays nothing any more.'));
  const resume = group
    .command('resume')
    .description('let a suspended agent pay again')
    .argument('<id|name>', 'id or name of the agent');
  handle<PasswordFlags>(withPasswordOptions(resume), change('resume', 'Resumed; it can pay again.'));
  const terminate = group
    .command('terminate')
    .description('end an agent for good: its funds go to the owner, then its key is archived')
    .argument('<id|name>', 'id or name of the agent')
    .option('--waive <asset...>', 'assets that may stay behind for good, such as solana:<mint>')
    .option('--as-owner', 'sign it as the owner; needed for --waive once there is one')
    .addHelpText(
      'after',
      `
Sessions end and waiting payments are cancelled at once. The rest goes on in the background, also after a restart, until
nothing is left that can be moved; "waiaas agent info" and "waiaas agent recalls" show how far it is. Without an owner
there is nobody to send the funds to, and it waits.
${SIGNING_HELP}`,
    );
  handle<TerminateOptions>(withPasswordOptions(withSignatureOptions(terminate)), terminateAgent);
}

function show({ io, json }: CommandContext, agent: AgentSummary, heading: string): ExitCode {
  io.out(json ? jsonLine(agent) : `${heading}\n${facts(agentFacts(agent))}`);
  return EXIT.SUCCESS;
}

const change =
  (verb: 'suspend' | 'resume', heading: string): Handler<PasswordFlags> =>
  async (context, flags, [wanted = '']) => {
    const session = await operatorSession(context, flags);
    const { id } = await findAgent(session, wanted);
    const agent = await callDaemon({
      ...session,
      method: 'POST',
      path: `/v1/agents/${id}/${verb}`,
      answer: agentSummarySchema,
    });
    return show(context, agent, heading);
  };

async function terminateAgent(
  context: CommandContext,
  options: TerminateOptions,
  [wanted = '']: readonly string[],
): Promise<ExitCode> {
  const body = agentTerminateSchema.safeParse({ waive: options.waive ?? [] });
  if (!body.success) throw usageError(`--waive ${body.error.issues[0]?.message ?? 'is not valid'}.`);
  checkSource(sourceOf(options));
  const session = await operatorSession(context, options);
  const agent = await findAgent(session, wanted);
  const rawBody = canonicalJson(body.data);
  const request = {
    action: 'manage_sessions',
    method: 'POST',
    path: `/v1/agents/${agent.id}/terminate`,
    rawBody,
  } as const satisfies OwnerRequest;
  const asOwner = options.asOwner === true || wantsSignature(options);
  const subject = `end the agent ${agent.name} (${agent.publicKey}) for good`;
  if (!asOwner)
    await confirm(context.io, `${subject[0]?.toUpperCase()}${subject.slice(1)}?`, options.yes === true, 'done');
  const credential = asOwner
    ? { port: session.port, authorization: await authorizationOfOwner(context, session, options, { request, subject }) }
    : session;
  const terminating = await callDaemon({
    ...credential,
    method: request.method,
    path: request.path,
    rawBody,
    answer: agentSummarySchema,
  });
  return show(context, terminating, 'Its end has begun; it goes on in the background.');
}
