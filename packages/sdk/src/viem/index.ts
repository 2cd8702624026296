export {
  type AgentProvider,
  type AgentProviderOptions,
  createAgentProvider,
  type Node,
  type ProviderRequest,
} from './agent-provider.ts';
export { type AgentWalletOptions, createAgentWallet } from './agent-wallet.ts';
export { AgentProviderError } from './provider-error.ts';
