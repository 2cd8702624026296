import { strict as assert } from 'node:assert';
import { ChainError } from '@waiaas/core';
import type { ContractSection } from '../contract-case.ts';
import { failureOf, shownBy } from '../fails.ts';
import { boundsOf, confirmed, fundedWallet, nativeBalance, signedPayment } from '../payment.ts';
import type { ContractWorld } from '../world.ts';
import { networkCalls, preparePayment } from './network-calls.ts';

async function everyCallFailsWell(world: ContractWorld, ail: () => void): Promise<void> {
  const { adapter, secrets } = world;
  const prepared = await preparePayment(world, await fundedWallet(world));
  ail();
  for (const [name, call] of networkCalls(adapter, prepared)) {
    const outcome: unknown = await call().catch((error: unknown) => error);
    // What was asked for before may still be known; whatever comes out as an error is one of the contract.
    if (!(outcome instanceof Error)) continue;
    assert.ok(outcome instanceof ChainError, `${name} threw ${outcome.name}`);
    assert.equal(outcome.retryable, true, `${name}: an outage passes, ${outcome.code} does not say so`);
    const shown = shownBy(outcome);
    for (const secret of secrets) assert.ok(!shown.includes(secret), `${name} shows a secret`);
  }
  const waiting = adapter.waitForConfirmation(prepared.signed.txHash, { ...boundsOf(prepared.signed), timeoutMs: 50 });
  assert.deepEqual(await waiting, { verdict: 'unknown' }, 'an outage is no verdict');
  assert.equal(adapter.isConnected(), true);
}

export const outages: ContractSection = {
  about: 'outages',
  cases: [
    {
      promise: 'gives a clean error for everything it is asked while the network is cut off',
      run: (world) => everyCallFailsWell(world, world.faults.cut),
    },
    {
      promise: 'waits for no answer for ever',
      run: (world) => everyCallFailsWell(world, world.faults.silence),
    },
    {
      promise: 'never says that a payment cannot land when it was sent into an outage',
      async run(world) {
        const { adapter, payment: amount, faults } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount });
        for (const ail of [faults.cut, faults.silence]) {
          ail();
          const error = await failureOf(adapter.submitTransaction(signed));
          assert.equal(error.mayHaveLanded, true);
          faults.restore();
        }
        await adapter.submitTransaction(signed);
        await confirmed(world, signed);
        assert.equal(await nativeBalance(world, to.address), amount);
      },
    },
    {
      promise: 'works again, without being connected anew, once the network does',
      async run(world) {
        const { adapter, payment: amount, faults } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        faults.cut();
        await failureOf(adapter.buildTransaction({ from: from.address, to: to.address, amount }));
        faults.restore();
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount });
        await adapter.submitTransaction(signed);
        await confirmed(world, signed);
      },
    },
  ],
};
