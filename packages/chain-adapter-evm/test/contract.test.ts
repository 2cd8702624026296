import {
  describeAdapterContract,
  describeReplacementContract,
  describeSweepContract,
  describeTokenContract,
} from '@waiaas/adapter-contract';
import { describe, test } from 'vitest';
import { openContractWorld } from './contract-world.ts';

/** Each promise has a node of its own, which takes its time on a busy machine. */
const patient = { describe, test: (name: string, run: () => Promise<void>) => test(name, run, 120_000) };

describeAdapterContract('EVM on anvil', openContractWorld, patient);
describeSweepContract('EVM on anvil', openContractWorld, patient);
describeTokenContract('EVM on anvil', openContractWorld, patient);
describeReplacementContract('EVM on anvil', openContractWorld, patient);
