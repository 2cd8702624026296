import {
  isUuidV7,
  type PolicySummary,
  policyCreateSchema,
  policyDeleteResponseSchema,
  policyListResponseSchema,
  policyResponseSchema,
  policyUpdateSchema,
} from '@waiaas/core';
import type { Command } from 'commander';
import type { z } from 'zod';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { allAgents, findAgent } from '../agent/find-agent.ts';
import { type CommandContext, type OperatorSession, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine, table } from '../output.ts';
import { authorizationOfOwner } from '../owner/as-owner.ts';
import { ownerStatus } from '../owner/connected-owner.ts';
import { checkSource } from '../owner/obtain-signature.ts';
import type { OwnerRequest } from '../owner/request-message.ts';
import { SIGNING_HELP, type SignatureFlags, sourceOf, withSignatureOptions } from '../owner/signature-options.ts';
import { readTextFile } from '../owner/text-file.ts';
import { type CommandModule, wholeNumber, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

interface ListOptions extends PasswordFlags {
  readonly agent?: string;
}
interface ChangeOptions extends PasswordFlags, SignatureFlags {
  readonly confirm?: boolean;
}
interface CreateOptions extends ChangeOptions {
  readonly agent?: string;
}
interface UpdateOptions extends ChangeOptions {
  readonly rulesFile?: string;
  readonly priority?: string;
  readonly enable?: boolean;
  readonly disable?: boolean;
}

const PATH = '/v1/owner/policies';
const CONFIRM = 'also when no spending limit would be left for all agents, or no whitelist that names somebody';
const PRIORITY_MAX = 1_000_000;

/** `waiaas policy …` (06 E20, E21; 00 §3): by the operator until there is an owner, by the owner from then on. */
export const policyCommands: CommandModule = (program, handle) => {
  const group = program.command('policy').description('what agents may pay: list, add, change and remove policies');
  const list = group
    .command('list')
    .description('show the policies')
    .option('--agent <id|name>', 'only those that can hold for this agent');
  handle<ListOptions>(withPasswordOptions(list), listPolicies);
  const create = group
    .command('create')
    .description('add a policy; docs/policy-cookbook.md has some to begin with')
    .argument('<file>', 'file with the policy as JSON, such as {"type": …, "rules": …}; - for standard input')
    .option('--agent <id|name>', 'for this agent, in place of all');
  handle<CreateOptions>(asOwner(create), createPolicy);
  const update = group
    .command('update')
    .description('change a policy; its type and agent never change')
    .argument('<policyId>', 'id of the policy')
    .option('--rules-file <path>', 'file with the new rules as JSON; they replace the old ones as a whole')
    .option('--priority <n>', 'higher ones are asked first; only the first of a type counts')
    .option('--enable', 'let it hold again')
    .option('--disable', 'let it hold no more, and keep it');
  handle<UpdateOptions>(asOwner(update), updatePolicy);
  const remove = group
    .command('delete')
    .description('remove a policy; what was decided by it stays on record')
    .argument('<policyId>', 'id of the policy');
  handle<ChangeOptions>(asOwner(remove), deletePolicy);
};

const asOwner = (command: Command): Command =>
  withPasswordOptions(withSignatureOptions(command.option('--confirm', CONFIRM))).addHelpText(
    'after',
    `\nOnce an owner is connected, only they change policies, and sign for it.\n${SIGNING_HELP}`,
  );

/** A file of JSON, or standard input. @throws CliError USAGE */
async function jsonOf({ io }: CommandContext, path: string, option: string): Promise<unknown> {
  let text = '';
  if (path !== '-') text = readTextFile(path, option);
  else for (let line = await io.inputLine(); line !== null; line = await io.inputLine()) text += `${line}\n`;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw usageError(`${path === '-' ? 'Standard input' : path} is not JSON.`);
  }
}

/** Checked by the schema that the API uses, before anybody is asked to sign. @throws CliError USAGE */
function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'policy'}: ${issue.message}`);
  throw usageError(`The policy is not valid: ${problems.join('; ')}.`);
}

/** Carries a change out: signed by the owner where there is one. */
async function carryOut<T>(
  context: CommandContext,
  session: OperatorSession,
  flags: SignatureFlags,
  change: Pick<OwnerRequest, 'method' | 'path' | 'rawBody'> & {
    readonly subject: string;
    readonly answer: z.ZodType<T>;
  },
): Promise<T> {
  const { subject, answer, ...sent } = change;
  const { connected } = await ownerStatus(session);
  if (!connected) return callDaemon({ ...session, ...sent, answer });
  const request: OwnerRequest = { action: 'update_settings', ...sent };
  const authorization = await authorizationOfOwner(context, session, flags, { request, subject });
  return callDaemon({ port: session.port, ...sent, authorization, answer });
}

const confirmed = ({ confirm }: ChangeOptions): object => (confirm === true ? { confirm: true } : {});

function show({ io, json }: CommandContext, policy: PolicySummary, heading: string): ExitCode {
  io.out(
    json
      ? jsonLine({ policy })
      : `${heading}\n${facts([
          ['Policy', policy.id],
          ['Type', policy.type],
          ['For', policy.agentId ?? 'all agents'],
          ['Priority', String(policy.priority)],
          ['State', policy.enabled ? 'in force' : 'disabled'],
          ['Version', String(policy.version)],
          ['Rules', JSON.stringify(policy.rules)],
        ])}`,
  );
  return EXIT.SUCCESS;
}

async function listPolicies(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const session = await operatorSession(context, options);
  const agentId = options.agent === undefined ? null : (await findAgent(session, options.agent)).id;
  const { policies } = await callDaemon({ ...session, method: 'GET', path: PATH, answer: policyListResponseSchema });
  const shown = policies.filter((policy) => agentId === null || policy.agentId === null || policy.agentId === agentId);
  const { io, json } = context;
  if (json) io.out(jsonLine({ policies: shown }));
  else if (shown.length === 0) io.out('There are no policies: every payment waits for an approval.\n');
  else {
    const names = new Map((await allAgents(session)).map(({ id, name }) => [id, name]));
    const forWhom = (id: string | null): string => (id === null ? 'all' : (names.get(id) ?? id));
    const rows = shown.map((policy) => [
      policy.id,
      policy.type,
      forWhom(policy.agentId),
      String(policy.priority),
      policy.enabled ? 'in force' : 'disabled',
      JSON.stringify(policy.rules),
    ]);
    io.out(table(['ID', 'TYPE', 'FOR', 'PRIORITY', 'STATE', 'RULES'], rows));
  }
  return EXIT.SUCCESS;
}

async function createPolicy(
  context: CommandContext,
  options: CreateOptions,
  [file = '']: readonly string[],
): Promise<ExitCode> {
  checkSource(sourceOf(options));
  const value = await jsonOf(context, file, '<file>');
  checked(policyCreateSchema, value);
  const session = await operatorSession(context, options);
  const agent = options.agent === undefined ? null : await findAgent(session, options.agent);
  // As it was written, and not with what the schema fills in: what is signed is what the file says.
  const body = Object.assign({}, value, agent === null ? {} : { agentId: agent.id }, confirmed(options));
  const { type } = checked(policyCreateSchema, body);
  const { policy } = await carryOut(context, session, options, {
    method: 'POST',
    path: PATH,
    rawBody: JSON.stringify(body),
    subject: `add a policy of type ${type} for ${agent?.name ?? (Object.hasOwn(body, 'agentId') ? 'one agent' : 'all agents')}`,
    answer: policyResponseSchema,
  });
  return show(context, policy, 'Policy added.');
}

function idOf([id = '']: readonly string[]): string {
  if (!isUuidV7(id)) throw usageError('The policy must be named by its id, as "waiaas policy list" shows it.');
  return id;
}

async function updatePolicy(
  context: CommandContext,
  options: UpdateOptions,
  args: readonly string[],
): Promise<ExitCode> {
  const id = idOf(args);
  checkSource(sourceOf(options));
  const { rulesFile, priority, enable, disable } = options;
  if (enable === true && disable === true) throw usageError('Give either --enable or --disable.');
  const change = {
    ...(rulesFile === undefined ? {} : { rules: await jsonOf(context, rulesFile, '--rules-file') }),
    ...(priority === undefined ? {} : { priority: priorityOf(priority) }),
    ...(enable === true || disable === true ? { enabled: enable === true } : {}),
  };
  if (Object.keys(change).length === 0) throw usageError('Say what to change; see "waiaas policy update --help".');
  const body = { ...change, ...confirmed(options) };
  checked(policyUpdateSchema, body);
  const { policy } = await carryOut(context, await operatorSession(context, options), options, {
    method: 'PUT',
    path: `${PATH}/${id}`,
    rawBody: JSON.stringify(body),
    subject: `change the policy ${id}: ${Object.keys(change).join(', ')}`,
    answer: policyResponseSchema,
  });
  return show(context, policy, 'Policy changed; it holds from the next payment on.');
}

const priorityOf = (text: string): number =>
  text.startsWith('-')
    ? -wholeNumber('--priority', text.slice(1), 0, PRIORITY_MAX)
    : wholeNumber('--priority', text, 0, PRIORITY_MAX);

async function deletePolicy(
  context: CommandContext,
  options: ChangeOptions,
  args: readonly string[],
): Promise<ExitCode> {
  const id = idOf(args);
  checkSource(sourceOf(options));
  const answer = await carryOut(context, await operatorSession(context, options), options, {
    method: 'DELETE',
    path: options.confirm === true ? `${PATH}/${id}?confirm=true` : `${PATH}/${id}`,
    subject: `remove the policy ${id}`,
    answer: policyDeleteResponseSchema,
  });
  context.io.out(context.json ? jsonLine(answer) : `Removed ${answer.policyId}.\n`);
  return EXIT.SUCCESS;
}
