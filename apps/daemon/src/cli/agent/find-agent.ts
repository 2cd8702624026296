import { type AgentSummary, agentListResponseSchema } from '@waiaas/core';
import { EXIT } from '../../exit-codes.ts';
import { CliError } from '../cli-error.ts';
import type { OperatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';

/** All agents of the daemon. @throws CliError */
export const allAgents = async (session: OperatorSession): Promise<readonly AgentSummary[]> =>
  (await callDaemon({ ...session, method: 'GET', path: '/v1/agents', answer: agentListResponseSchema })).agents;

/** The agent with an id, or the only one with a name. @throws CliError AGENT_NOT_FOUND, AGENT_AMBIGUOUS */
export const findAgent = async (session: OperatorSession, wanted: string): Promise<AgentSummary> =>
  pick(await allAgents(session), wanted);

/** Ids come first, so that no name can stand in for one. */
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
