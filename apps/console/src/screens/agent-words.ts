import type { AgentSummary } from '@waiaas/sdk';
import { plain, shortAddress } from '../format/text.ts';

/**
 * Which agent is meant, for who signs for it: anybody may give two agents one name.
 * @example agentInWords(agent) // "shopper (solana devnet, 7xKX…gAsU)"
 */
export const agentInWords = ({ name, chain, network, publicKey }: AgentSummary): string =>
  `${plain(name)} (${chain} ${network}, ${shortAddress(publicKey)})`;

/** Which agent an id is of; null: all of them. An agent that is not known here is called by its id. */
export function agentOfIdInWords(agents: readonly AgentSummary[] | undefined, id: string | null): string | null {
  if (id === null || id === '') return null;
  const agent = agents?.find((one) => one.id === id);
  return agent === undefined ? id : agentInWords(agent);
}
