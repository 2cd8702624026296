import { strict as assert } from 'node:assert';
import type { Holding, TransferRequest } from '@waiaas/core';
import type { ContractSection } from '../contract-case.ts';
import { fundedWallet, nativeBalance, pushThrough, settle, signedPayment } from '../payment.ts';
import { refusedUnsigned } from '../tampering.ts';
import type { ContractWallet, SweepWorld } from '../world.ts';

const HELD = 1_000_000n;

const native = async (world: SweepWorld, address: string): Promise<Holding> => {
  const last = (await world.sweeper.listHoldings(address)).at(-1);
  if (last === undefined || last.mint !== null) assert.fail('the native asset comes last');
  return last;
};

/** The request that moves one holding away, all of it. */
function moving({ token, balance, account }: Holding, from: string, to: string): TransferRequest {
  if (token === null) assert.fail('it cannot be moved');
  return { from, to, amount: balance, token, ...(account === null ? {} : { emptied: { account, close: true } }) };
}

async function emptied(world: SweepWorld, from: ContractWallet, request: Omit<TransferRequest, 'from'>): Promise<void> {
  const { built, signed } = await signedPayment(world.adapter, from, request);
  const simulated = await world.adapter.simulateTransaction(built);
  assert.equal(simulated.success, true, simulated.error);
  await pushThrough(world, signed);
  assert.equal((await settle(world, signed, { target: 'finalized' })).verdict, 'confirmed');
}

export const sweeping: ContractSection<SweepWorld> = {
  about: 'emptying a wallet',
  cases: [
    {
      promise:
        'moves all of the native asset but for what the fee stays below its bound; then there is nothing to move',
      async run(world) {
        const { adapter, sweeper } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const before = await nativeBalance(world, from.address);
        const sweep = await sweeper.quoteSweep({ from: from.address, to: to.address, keep: 0n });
        if (sweep === null) assert.fail('there is something to move');
        assert.equal(sweep.amount + sweep.fee, before);
        const built = await adapter.buildTransaction({ from: from.address, to: to.address, ...sweep });
        assert.ok(built.estimatedFee <= sweep.fee);
        await emptied(world, from, { to: to.address, ...sweep });
        assert.equal(await nativeBalance(world, to.address), sweep.amount);
        assert.ok((await nativeBalance(world, from.address)) < sweep.fee);
        assert.equal(await sweeper.quoteSweep({ from: from.address, to: to.address, keep: 0n }), null);
      },
    },
    {
      promise: 'leaves what is to be kept, and offers nothing where that is all there is',
      async run(world) {
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const wallet = { from: from.address, to: to.address };
        const balance = await nativeBalance(world, from.address);
        const sweep = await world.sweeper.quoteSweep({ ...wallet, keep: world.payment });
        if (sweep === null) assert.fail('there is something to move');
        assert.equal(sweep.amount + sweep.fee + world.payment, balance);
        assert.equal(await world.sweeper.quoteSweep({ ...wallet, keep: balance }), null);
        assert.equal(await world.sweeper.quoteSweep({ ...wallet, from: to.address, to: from.address, keep: 0n }), null);
        assert.ok((await world.sweeper.gasForLater()) > 0n);
      },
    },
    {
      promise: 'signs no other fee than the one that was reckoned with',
      async run(world) {
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const sweep = await world.sweeper.quoteSweep({ from: from.address, to: to.address, keep: 0n });
        if (sweep === null) assert.fail('there is something to move');
        const { built } = await signedPayment(world.adapter, from, { to: to.address, ...sweep });
        const request = { ...built.request, fee: sweep.fee / 2n };
        await refusedUnsigned(world.adapter, from, { ...built, request }, 'half the fee');
      },
    },
    {
      promise: 'lists whatever a wallet holds, the native asset last, so that all of it can be moved one by one',
      async run(world) {
        const { adapter, sweeper, tokens } = world;
        const [from, to] = [await fundedWallet(world, 8), await world.createWallet()];
        for (const token of tokens.kinds) await token.mint(from.address, HELD);
        const known = tokens.kinds.map(({ info }) => info.address);
        const holdings = await sweeper.listHoldings(from.address, known);
        assert.deepEqual(
          holdings
            .slice(0, -1)
            .map(({ mint, balance, obstacle }) => [mint, balance, obstacle])
            .sort(),
          known.map((mint) => [mint, HELD, null]).sort(),
        );
        assert.equal(holdings.at(-1)?.balance, await nativeBalance(world, from.address));
        for (const holding of holdings.slice(0, -1)) {
          const { from: _, ...request } = moving(holding, from.address, to.address);
          await emptied(world, from, request);
        }
        const left = await sweeper.listHoldings(from.address, known);
        assert.deepEqual(
          left.map(({ mint }) => mint),
          [null],
        );
        const sweep = await sweeper.quoteSweep({ from: from.address, to: to.address, keep: 0n });
        if (sweep === null) assert.fail('the native asset is left');
        await emptied(world, from, { to: to.address, ...sweep });
        for (const { info } of tokens.kinds) assert.equal(await tokens.reader.getTokenBalance(to.address, info), HELD);
        assert.ok((await native(world, from.address)).balance < sweep.fee);
        assert.equal(adapter.isConnected(), true);
      },
    },
  ],
};
