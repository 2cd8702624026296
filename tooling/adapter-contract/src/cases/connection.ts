import { strict as assert } from 'node:assert';
import { isNetworkOf } from '@waiaas/core';
import type { ContractSection } from '../contract-case.ts';
import { fails } from '../fails.ts';
import { fundedWallet, nativeBalance } from '../payment.ts';
import { networkCalls, preparePayment } from './network-calls.ts';

export const connection: ContractSection = {
  about: 'connection',
  cases: [
    {
      promise: 'serves a network that its chain has',
      unconnected: true,
      run: async ({ adapter }) => assert.ok(isNetworkOf(adapter.chain, adapter.network)),
    },
    {
      promise: 'is not connected before connect, and says so without asking anybody',
      unconnected: true,
      async run({ adapter }) {
        assert.equal(adapter.isConnected(), false);
        assert.deepEqual(await adapter.getHealth(), { healthy: false, latency: -1 });
      },
    },
    {
      promise: 'refuses everything that needs the network while it is not connected, for good',
      async run(world) {
        const { adapter } = world;
        const prepared = await preparePayment(world, await fundedWallet(world));
        await adapter.disconnect();
        assert.equal(adapter.isConnected(), false);
        for (const [name, call] of networkCalls(adapter, prepared)) {
          const error = await fails(call(), { code: 'RPC_ERROR', retryable: false });
          if (name === 'submitTransaction') assert.equal(error.mayHaveLanded, false, 'nothing was sent');
        }
        await fails(adapter.waitForConfirmation(prepared.signed.txHash, { timeoutMs: 1 }), {
          code: 'RPC_ERROR',
          retryable: false,
        });
      },
    },
    {
      promise: 'may be disconnected at any time, any number of times, and connected again',
      unconnected: true,
      async run(world) {
        const { adapter } = world;
        await adapter.disconnect();
        await adapter.connect();
        await Promise.all([adapter.disconnect(), adapter.disconnect()]);
        await adapter.disconnect();
        assert.equal(adapter.isConnected(), false);
        await adapter.connect();
        assert.equal(adapter.isConnected(), true);
        const wallet = await world.createWallet();
        assert.equal(await nativeBalance(world, wallet.address), 0n);
      },
    },
    {
      promise: 'may be connected by twenty at once',
      unconnected: true,
      async run({ adapter }) {
        await Promise.all(Array.from({ length: 20 }, () => adapter.connect()));
        assert.equal(adapter.isConnected(), true);
        await adapter.connect();
      },
    },
    {
      promise: 'tells its health in whole milliseconds, never fails at it, and changes nothing by it',
      async run({ adapter, faults }) {
        const { healthy, latency } = await adapter.getHealth();
        assert.equal(healthy, true);
        assert.ok(Number.isSafeInteger(latency) && latency >= 0, `latency ${latency}`);
        for (const ail of [faults.cut, faults.silence]) {
          ail();
          const ailing = await adapter.getHealth();
          assert.equal(ailing.healthy, false);
          assert.ok(Number.isSafeInteger(ailing.latency), `latency ${ailing.latency}`);
          assert.equal(adapter.isConnected(), true);
          faults.restore();
        }
      },
    },
  ],
};
