import type { AgentSummary } from '@waiaas/core';

/** The state of an agent in a word or two. */
export const statusOf = (agent: AgentSummary): string =>
  agent.suspensionReason === undefined ? agent.status : `${agent.status} (${agent.suspensionReason})`;

/** An agent for a person. */
export const agentFacts = (agent: AgentSummary): readonly (readonly [string, string])[] => [
  ['Id', agent.id],
  ['Name', agent.name],
  ['Status', statusOf(agent)],
  ['Chain', `${agent.chain} ${agent.network}`],
  ['Address', agent.publicKey],
  ['Sessions', String(agent.sessionCount)],
  ['Transactions', String(agent.totalTxCount)],
  ['Created', agent.createdAt],
];
