import {
  type AgentSummary,
  agentCreateSchema,
  agentListResponseSchema,
  agentSummarySchema,
  type Chain,
  chainSchema,
  isNetworkOf,
  type Network,
  networkSchema,
  networksOf,
} from '@waiaas/core';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, type OperatorSession, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine, table } from '../output.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';

interface CreateOptions extends PasswordFlags {
  readonly chain: string;
  readonly network?: string;
}

/** Without --network an agent is created where money is not real. */
const TEST_NETWORK: Readonly<Record<Chain, Network>> = {
  solana: 'devnet',
  ethereum: 'sepolia',
  polygon: 'amoy',
  arbitrum: 'sepolia',
  base: 'sepolia',
};

/** `waiaas agent create|list|info` (01 §5.5). */
export const agentCommands: CommandModule = (program, handle) => {
  const group = program.command('agent').description('manage agents');
  const create = group
    .command('create')
    .description('create an agent with a wallet of its own')
    .argument('<name>', 'name of the agent')
    .requiredOption('--chain <chain>', `one of ${chainSchema.options.join(', ')}`)
    .option('--network <network>', 'network of the chain (default: a test network)');
  handle<CreateOptions>(withPasswordOptions(create), createAgent);
  handle<PasswordFlags>(withPasswordOptions(group.command('list').description('list all agents')), listAgents);
  const info = group.command('info').description('show an agent').argument('<id|name>', 'id or name of the agent');
  handle<PasswordFlags>(withPasswordOptions(info), showAgent);
};

const usage = (message: string): CliError => new CliError({ code: 'USAGE', message, exitCode: EXIT.FAILURE });

function chosenNetwork(chainWord: string, networkWord: string | undefined): { chain: Chain; network: Network } {
  const chain = chainSchema.safeParse(chainWord);
  if (!chain.success) throw usage(`--chain must be one of ${chainSchema.options.join(', ')}.`);
  const network = networkSchema.safeParse(networkWord ?? TEST_NETWORK[chain.data]);
  if (!network.success || !isNetworkOf(chain.data, network.data)) {
    throw usage(`--network of ${chain.data} must be one of ${networksOf(chain.data).join(', ')}.`);
  }
  return { chain: chain.data, network: network.data };
}

async function createAgent(
  context: CommandContext,
  options: CreateOptions,
  [name = '']: readonly string[],
): Promise<ExitCode> {
  const { chain, network } = chosenNetwork(options.chain, options.network);
  const body = agentCreateSchema.safeParse({ name, chain, network });
  if (!body.success) throw usage(`The name of an agent ${body.error.issues[0]?.message ?? 'is not valid'}.`);
  const session = await operatorSession(context, options);
  const agent = await callDaemon({
    ...session,
    method: 'POST',
    path: '/v1/agents',
    body: body.data,
    answer: agentSummarySchema,
  });
  const text = facts([...agentFacts(agent)]);
  context.io.out(context.json ? jsonLine(agent) : `Agent created.\n${text}`);
  return EXIT.SUCCESS;
}

const allAgents = async (session: OperatorSession): Promise<readonly AgentSummary[]> =>
  (await callDaemon({ ...session, method: 'GET', path: '/v1/agents', answer: agentListResponseSchema })).agents;

async function listAgents(context: CommandContext, flags: PasswordFlags): Promise<ExitCode> {
  const agents = await allAgents(await operatorSession(context, flags));
  const { io, json } = context;
  if (json) io.out(jsonLine({ agents }));
  else if (agents.length === 0) io.out('There are no agents. Create one with "waiaas agent create".\n');
  else {
    io.out(
      table(
        ['ID', 'NAME', 'CHAIN', 'NETWORK', 'STATUS', 'ADDRESS'],
        agents.map((agent) => [agent.id, agent.name, agent.chain, agent.network, statusOf(agent), agent.publicKey]),
      ),
    );
  }
  return EXIT.SUCCESS;
}

async function showAgent(
  context: CommandContext,
  flags: PasswordFlags,
  [wanted = '']: readonly string[],
): Promise<ExitCode> {
  const agents = await allAgents(await operatorSession(context, flags));
  const agent = pick(agents, wanted);
  context.io.out(context.json ? jsonLine(agent) : facts(agentFacts(agent)));
  return EXIT.SUCCESS;
}

/** The agent with an id, or the only one with a name; ids come first, so that no name can stand in for one. */
function pick(agents: readonly AgentSummary[], wanted: string): AgentSummary {
  const byId = agents.find((agent) => agent.id === wanted);
  if (byId !== undefined) return byId;
  const [first, ...others] = agents.filter((agent) => agent.name === wanted);
  if (first === undefined) {
    throw new CliError({
      code: 'AGENT_NOT_FOUND',
      message: `There is no agent with the id or name ${JSON.stringify(wanted)}.`,
      hint: 'See "waiaas agent list".',
      exitCode: EXIT.FAILURE,
    });
  }
  if (others.length > 0) {
    throw new CliError({
      code: 'AGENT_AMBIGUOUS',
      message: `${others.length + 1} agents have the name ${JSON.stringify(wanted)}: ${[first, ...others].map(({ id }) => id).join(', ')}.`,
      hint: 'Give the id.',
      exitCode: EXIT.FAILURE,
    });
  }
  return first;
}

const statusOf = (agent: AgentSummary): string =>
  agent.suspensionReason === undefined ? agent.status : `${agent.status} (${agent.suspensionReason})`;

const agentFacts = (agent: AgentSummary): readonly (readonly [string, string])[] => [
  ['Id', agent.id],
  ['Name', agent.name],
  ['Status', statusOf(agent)],
  ['Chain', `${agent.chain} ${agent.network}`],
  ['Address', agent.publicKey],
  ['Sessions', String(agent.sessionCount)],
  ['Transactions', String(agent.totalTxCount)],
  ['Created', agent.createdAt],
];
