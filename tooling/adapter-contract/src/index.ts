export { ADAPTER_CONTRACT, SWEEP_CONTRACT, TOKEN_CONTRACT } from './contract.ts';
export type { ContractCase, ContractSection } from './contract-case.ts';
export {
  describeAdapterContract,
  describeSweepContract,
  describeTokenContract,
  type TestFramework,
} from './describe-adapter-contract.ts';
export type {
  ContractFaults,
  ContractToken,
  ContractTokens,
  ContractWallet,
  ContractWorld,
  SweepWorld,
  TokenWorld,
} from './world.ts';
