import { describeAdapterContract } from '@waiaas/adapter-contract';
import { describe, test } from 'vitest';
import { openContractWorld } from './contract-world.ts';

describeAdapterContract('Solana on the embedded ledger', openContractWorld, { describe, test });
