export { type AgentSignerOptions, createAgentSigner } from './agent-signer.ts';
