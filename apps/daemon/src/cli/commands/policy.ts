import {
  isUuidV7,
  type PolicyListResponse,
  type PolicySummary,
  type PolicyUpdate,
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
import { CliError } from '../cli-error.ts';
import { type CommandContext, type OperatorSession, operatorSession, warn } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine, table } from '../output.ts';
import { authorizationOfOwner } from '../owner/as-owner.ts';
import { confirm } from '../owner/confirm.ts';
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
/** Options of a command that works on a policy there is. */
interface PresentOptions extends ChangeOptions {
  readonly policyVersion?: string;
}
interface UpdateOptions extends PresentOptions {
  readonly rulesFile?: string;
  readonly priority?: string;
  readonly enable?: boolean;
  readonly disable?: boolean;
}

const PATH = '/v1/owner/policies';
const CONFIRM = 'also when no spending limit would be left for all agents, or no whitelist that names somebody';
const VERSION =
  'only if this is still its version, as "policy list" shows it (default: the one that the command finds; with --message-file none, as its text says what is sent)';
const PRIORITY_MAX = 1_000_000;
const VERSION_MAX = 999_999_999;

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
    .option('--disable', 'let it hold no more, and keep it')
    .option('--policy-version <n>', VERSION);
  handle<UpdateOptions>(asOwner(update), updatePolicy);
  const remove = group
    .command('delete')
    .description('remove a policy; what was decided by it stays on record')
    .argument('<policyId>', 'id of the policy')
    .option('--policy-version <n>', VERSION);
  handle<PresentOptions>(asOwner(remove), deletePolicy);
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

/**
 * Carries a change out: signed by the owner where there is one. What it is made to is shown before; where nobody signs, a person
 * at a terminal is asked.
 */
async function carryOut<T>(
  context: CommandContext,
  session: OperatorSession,
  flags: SignatureFlags,
  change: Pick<OwnerRequest, 'method' | 'path' | 'rawBody'> & {
    readonly subject: string;
    /** What is about to be changed or removed, in names and values. */
    readonly about?: readonly (readonly [string, string])[];
    readonly answer: z.ZodType<T>;
  },
): Promise<T> {
  const { subject, about = [], answer, ...sent } = change;
  const { connected } = await ownerStatus(session);
  const { io, json } = context;
  if (about.length > 0 && !json && (connected || io.ask !== null)) {
    io.err(facts(about));
    const question = `${subject[0]?.toUpperCase()}${subject.slice(1)}?`;
    if (!connected) await confirm(io, question, flags.yes === true, 'done');
  }
  if (!connected) return callDaemon({ ...session, ...sent, answer });
  const request: OwnerRequest = { action: 'update_settings', ...sent };
  const authorization = await authorizationOfOwner(context, session, flags, { request, subject });
  return callDaemon({ port: session.port, ...sent, authorization, answer });
}

const confirmed = ({ confirm }: ChangeOptions): object => (confirm === true ? { confirm: true } : {});

const stateOf = ({ enabled }: Pick<PolicySummary, 'enabled'>): string => (enabled ? 'in force' : 'disabled');

const factsOf = (policy: PolicySummary): readonly (readonly [string, string])[] => [
  ['Policy', policy.id],
  ['Type', policy.type],
  ['For', policy.agentId ?? 'all agents'],
  ['Priority', String(policy.priority)],
  ['State', stateOf(policy)],
  ['Version', String(policy.version)],
  ['Rules', JSON.stringify(policy.rules)],
];

function show({ io, json }: CommandContext, policy: PolicySummary, heading: string): ExitCode {
  io.out(json ? jsonLine({ policy }) : `${heading}\n${facts(factsOf(policy))}`);
  return EXIT.SUCCESS;
}

const allPolicies = (session: OperatorSession): Promise<PolicyListResponse> =>
  callDaemon({ ...session, method: 'GET', path: PATH, answer: policyListResponseSchema });

/** @throws CliError USAGE */
const namedVersion = ({ policyVersion }: PresentOptions): number | undefined =>
  policyVersion === undefined ? undefined : wholeNumber('--policy-version', policyVersion, 1, VERSION_MAX);

/** A policy that is about to be changed or removed, as far as it is looked at. */
interface LookedAt {
  /** As it is; null where somebody else has looked at it, and named its version or had the text for it signed. */
  readonly policy: PolicySummary | null;
  /** The version that the change is made to; undefined: none is named. */
  readonly version: number | undefined;
}

/**
 * Looks at a policy before it is changed or removed, so that nothing is done to what somebody else has made of it meanwhile. With
 * `--policy-version` somebody has looked already; of a text that was signed elsewhere every byte is fixed.
 * @param named the version that somebody has looked at
 * @throws CliError POLICY_NOT_FOUND
 */
async function lookAt(
  session: OperatorSession,
  { messageFile }: PresentOptions,
  { id, named }: { readonly id: string; readonly named: number | undefined },
): Promise<LookedAt> {
  if (named !== undefined) return { policy: null, version: named };
  if (messageFile !== undefined) return { policy: null, version: undefined };
  const policy = (await allPolicies(session)).policies.find((one) => one.id === id);
  if (policy !== undefined) return { policy, version: policy.version };
  throw new CliError({
    code: 'POLICY_NOT_FOUND',
    message: `There is no policy ${id}.`,
    hint: '"waiaas policy list" shows those there are.',
    exitCode: EXIT.FAILURE,
  });
}

/** What is about to become another thing, each from what to what. */
function changeOf(
  policy: PolicySummary,
  { rules, priority, enabled }: Pick<PolicyUpdate, 'rules' | 'priority' | 'enabled'>,
): readonly (readonly [string, string])[] {
  const of = (name: string): string => factsOf(policy).find(([one]) => one === name)?.[1] ?? '';
  const changes: readonly (readonly [string, string | undefined])[] = [
    ['Priority', priority === undefined ? undefined : String(priority)],
    ['State', enabled === undefined ? undefined : stateOf({ enabled })],
    ['Rules', rules === undefined ? undefined : JSON.stringify(rules)],
  ];
  const standing = factsOf(policy).filter(([name]) =>
    changes.every(([one, next]) => one !== name || next === undefined),
  );
  return [
    ...standing,
    ...changes.flatMap(([name, next]) =>
      next === undefined ? [] : [[`${name} now`, of(name)] as const, [`${name} then`, next] as const],
    ),
  ];
}

async function listPolicies(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const session = await operatorSession(context, options);
  const agentId = options.agent === undefined ? null : (await findAgent(session, options.agent)).id;
  const { policies, notAuthentic: altered } = await allPolicies(session);
  const canHold = (whose: string | null): boolean => agentId === null || whose === null || whose === agentId;
  const shown = policies.filter((policy) => canHold(policy.agentId));
  const notAuthentic = altered.filter(canHold);
  const { io, json } = context;
  if (json) {
    io.out(jsonLine({ policies: shown, notAuthentic }));
    return EXIT.SUCCESS;
  }
  if (shown.length === 0 && notAuthentic.length === 0) {
    io.out('There are no policies: every payment waits for an approval.\n');
    return EXIT.SUCCESS;
  }
  const names = new Map((await allAgents(session)).map(({ id, name }) => [id, name]));
  const forWhom = (id: string | null): string => (id === null ? 'all' : (names.get(id) ?? id));
  const rows = shown.map((policy) => [
    policy.id,
    String(policy.version),
    policy.type,
    forWhom(policy.agentId),
    String(policy.priority),
    policy.authentic ? stateOf(policy) : 'ALTERED',
    JSON.stringify(policy.rules),
  ]);
  if (rows.length > 0) io.out(table(['ID', 'VERSION', 'TYPE', 'FOR', 'PRIORITY', 'STATE', 'RULES'], rows));
  for (const whose of notAuthentic) {
    warn(
      context,
      `somebody else has changed the stored policies for ${forWhom(whose)}: they do not hold, and nothing is paid for whom they are for. Restore the database from a backup; see the audit log.`,
    );
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
  const wanted = checked(policyUpdateSchema, change);
  const named = namedVersion(options);
  const session = await operatorSession(context, options);
  const present = await lookAt(session, options, { id, named });
  const { version } = present;
  // As it was written, and not as the schema reads it: what is signed is what the file says.
  const body = { ...change, ...(version === undefined ? {} : { version }), ...confirmed(options) };
  const { policy } = await carryOut(context, session, options, {
    method: 'PUT',
    path: `${PATH}/${id}`,
    rawBody: JSON.stringify(body),
    subject: `change the policy ${id}${ofVersion(version)}: ${Object.keys(change).join(', ')}`,
    about: present.policy === null ? [] : changeOf(present.policy, wanted),
    answer: policyResponseSchema,
  });
  return show(context, policy, 'Policy changed; it holds from the next payment on.');
}

const ofVersion = (version: number | undefined): string => (version === undefined ? '' : ` in version ${version}`);

const priorityOf = (text: string): number =>
  text.startsWith('-')
    ? -wholeNumber('--priority', text.slice(1), 0, PRIORITY_MAX)
    : wholeNumber('--priority', text, 0, PRIORITY_MAX);

async function deletePolicy(
  context: CommandContext,
  options: PresentOptions,
  args: readonly string[],
): Promise<ExitCode> {
  const id = idOf(args);
  checkSource(sourceOf(options));
  const named = namedVersion(options);
  const session = await operatorSession(context, options);
  const { policy, version } = await lookAt(session, options, { id, named });
  const query = [
    ...(options.confirm === true ? ['confirm=true'] : []),
    ...(version === undefined ? [] : [`version=${version}`]),
  ].join('&');
  const answer = await carryOut(context, session, options, {
    method: 'DELETE',
    path: `${PATH}/${id}${query === '' ? '' : `?${query}`}`,
    subject: `remove the policy ${id}${ofVersion(version)}`,
    about: policy === null ? [] : factsOf(policy),
    answer: policyDeleteResponseSchema,
  });
  context.io.out(context.json ? jsonLine(answer) : `Removed ${answer.policyId}.\n`);
  return EXIT.SUCCESS;
}
