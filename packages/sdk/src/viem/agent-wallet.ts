import {
  type Chain,
  type CustomTransport,
  createWalletClient,
  custom,
  type JsonRpcAccount,
  type Transport,
  type WalletClient,
} from 'viem';
import type { WAIaaSClient } from '../client.ts';
import { localError } from '../error.ts';
import { createAgentProvider } from './agent-provider.ts';

/** What a wallet client is made of besides the agent's client. */
export interface AgentWalletOptions<TChain extends Chain> {
  /** The chain that the agent's wallet is on. */
  readonly chain: TChain;
  /** Where everything goes that only reads, such as `http(url)`. Without it only account and chain are answered. */
  readonly transport?: Transport | undefined;
  /** Milliseconds that a payment may take that is delayed or waits for the owner. Default 120,000. */
  readonly timeout?: number | undefined;
}

/**
 * The wallet of an agent as a wallet client of viem: `sendTransaction` and `writeContract` of a token's `transfer` are paid
 * by the daemon, within the policies of its owner. What `createAgentProvider` refuses is refused here, inside the errors of
 * viem: `error.walk((cause) => cause instanceof WAIaaSError)` finds it. Nothing is sent a second time.
 *
 * @throws WAIaaSError, as the agent's client does; INVALID_ARGUMENT for an agent of another chain
 * @example
 * const wallet = await createAgentWallet(client, { chain: sepolia, transport: http() });
 * const hash = await wallet.sendTransaction({ to, value: parseEther('0.01') });
 */
export async function createAgentWallet<TChain extends Chain>(
  client: WAIaaSClient,
  { chain, transport, timeout }: AgentWalletOptions<TChain>,
): Promise<WalletClient<CustomTransport, TChain, JsonRpcAccount>> {
  const node = transport?.({ chain });
  const provider = await createAgentProvider(client, { timeout, node });
  if (provider.chainId !== chain.id) {
    throw localError('INVALID_ARGUMENT', `The agent's wallet is on chain ${provider.chainId}, not on ${chain.id}`);
  }
  return createWalletClient({
    account: provider.address,
    chain,
    // A second try would be a second payment; reading is tried again by the transport of the node.
    transport: custom(provider, { retryCount: 0 }),
  });
}
