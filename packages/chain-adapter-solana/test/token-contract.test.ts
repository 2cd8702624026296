import { describeSweepContract, describeTokenContract, type SweepWorld } from '@waiaas/adapter-contract';
import { describe, test } from 'vitest';
import { openContractWorld } from './contract-world.ts';
import { EXTENSIONS, openTreasury, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './tokens.ts';
import { createWallet } from './world.ts';

async function openTokenWorld(): Promise<SweepWorld> {
  const contract = await openContractWorld();
  const treasury = await openTreasury(contract.world.localnet);
  return {
    ...contract,
    sweeper: contract.world.adapter,
    tokens: {
      reader: contract.world.adapter,
      kinds: [
        await treasury.createToken({ program: TOKEN_PROGRAM, decimals: 6 }),
        await treasury.createToken({ program: TOKEN_2022_PROGRAM, decimals: 9 }),
        await treasury.createToken({
          program: TOKEN_2022_PROGRAM,
          decimals: 2,
          extensions: [EXTENSIONS.closeAuthority, EXTENSIONS.metadataPointer],
        }),
      ],
      noTokens: [treasury.payer.address, (await createWallet()).address, TOKEN_PROGRAM],
    },
  };
}

describeSweepContract('Solana on the embedded ledger', openTokenWorld, { describe, test });
describeTokenContract('Solana on the embedded ledger', openTokenWorld, { describe, test });
