import {
  agentCreateSchema,
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
import { agentFacts, statusOf } from '../agent/agent-facts.ts';
import { allAgents, findAgent } from '../agent/find-agent.ts';
import { type CommandContext, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine, table } from '../output.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';
import { declareAgentKeys } from './agent-keys.ts';
import { agentRecallCommands } from './agent-recall.ts';
import { agentStateCommands } from './agent-state.ts';

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

/** `waiaas agent …` (01 §5.5; 08 §2.1, §2.5). */
export const agentCommands =
  (keys: Parameters<typeof declareAgentKeys>[2]): CommandModule =>
  (program, handle) => {
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
    agentStateCommands(group, handle);
    agentRecallCommands(group, handle);
    declareAgentKeys(group, handle, keys);
  };

function chosenNetwork(chainWord: string, networkWord: string | undefined): { chain: Chain; network: Network } {
  const chain = chainSchema.safeParse(chainWord);
  if (!chain.success) throw usageError(`--chain must be one of ${chainSchema.options.join(', ')}.`);
  const network = networkSchema.safeParse(networkWord ?? TEST_NETWORK[chain.data]);
  if (!network.success || !isNetworkOf(chain.data, network.data)) {
    throw usageError(`--network of ${chain.data} must be one of ${networksOf(chain.data).join(', ')}.`);
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
  if (!body.success) throw usageError(`The name of an agent ${body.error.issues[0]?.message ?? 'is not valid'}.`);
  const session = await operatorSession(context, options);
  const agent = await callDaemon({
    ...session,
    method: 'POST',
    path: '/v1/agents',
    body: body.data,
    answer: agentSummarySchema,
  });
  const text = facts(agentFacts(agent));
  context.io.out(context.json ? jsonLine(agent) : `Agent created.\n${text}`);
  return EXIT.SUCCESS;
}

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
  const agent = await findAgent(await operatorSession(context, flags), wanted);
  context.io.out(context.json ? jsonLine(agent) : facts(agentFacts(agent)));
  return EXIT.SUCCESS;
}
