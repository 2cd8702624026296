export { ADAPTER_CONTRACT, TOKEN_CONTRACT } from './contract.ts';
export type { ContractCase, ContractSection } from './contract-case.ts';
export { describeAdapterContract, describeTokenContract, type TestFramework } from './describe-adapter-contract.ts';
export type {
  ContractFaults,
  ContractToken,
  ContractTokens,
  ContractWallet,
  ContractWorld,
  TokenWorld,
} from './world.ts';
