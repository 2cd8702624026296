import { address } from '@solana/kit';
import type { ContractFaults, ContractWorld } from '@waiaas/adapter-contract';
import type { Localnet } from '@waiaas/localnet';
import { createWallet, createWorld, SOL, type World } from './world.ts';

const API_KEY = 'k3y-0f-the-0perator';
const FINALIZE_AFTER = 8;
const PAYMENT = SOL / 100n;

/** The faults of the contract, made by the ledger's own switches. */
export const faultsOf = ({ faults }: Localnet): ContractFaults => ({
  loseNextSubmitAnswer: () => void faults.add({ type: 'dropReply', method: 'sendTransaction', times: 1 }),
  cut: () => void faults.add({ type: 'reset' }),
  silence: () => void faults.add({ type: 'hang' }),
  restore: () => faults.reset(),
});

/** Lands a payment whose money went away after the preflight. */
async function failOnChain({ adapter, localnet, signed, funded }: World): Promise<string> {
  const from = await funded(2n * SOL);
  const [victim, drain] = [
    await signed(from, { to: (await createWallet()).address, amount: SOL }),
    await signed(from, { to: (await createWallet()).address, amount: SOL + SOL / 2n }),
  ];
  localnet.faults.add({ type: 'landLate', slots: 2, times: 1 });
  await adapter.submitTransaction(victim);
  await adapter.submitTransaction(drain);
  localnet.advanceSlots(2 + 1);
  return victim.txHash;
}

/** A fresh ledger and an adapter on it, as the contract tries them. */
export async function openContractWorld(): Promise<ContractWorld & { readonly world: World }> {
  const world = await createWorld({
    ledger: { finalizeAfterSlots: FINALIZE_AFTER },
    timeouts: { readMs: 1_500, sendMs: 1_500 },
    query: `api-key=${API_KEY}`,
  });
  const { adapter, localnet } = world;
  await adapter.disconnect();
  return {
    world,
    adapter,
    payment: PAYMENT,
    notAddresses: ['abc', '1'.repeat(31), '1'.repeat(45), 'O'.repeat(43), '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'],
    secrets: [API_KEY],
    createWallet,
    fund: async (to, amount) => localnet.airdrop(address(to), amount),
    advance: async (blocks) => localnet.advanceSlots(blocks),
    async outlive({ lastValidBlockHeight = 0n }) {
      const left = Number(lastValidBlockHeight) - localnet.report().blockHeight;
      localnet.advanceSlots(Math.max(0, left) + FINALIZE_AFTER + 2);
    },
    failOnChain: () => failOnChain(world),
    faults: faultsOf(localnet),
    close: () => world.close(),
  };
}
