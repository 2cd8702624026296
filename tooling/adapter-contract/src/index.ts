export { ADAPTER_CONTRACT, REPLACEMENT_CONTRACT, SWEEP_CONTRACT, TOKEN_CONTRACT } from './contract.ts';
export type { ContractCase, ContractSection } from './contract-case.ts';
export {
  describeAdapterContract,
  describeReplacementContract,
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
  ReplacementWorld,
  SweepWorld,
  TokenWorld,
} from './world.ts';
