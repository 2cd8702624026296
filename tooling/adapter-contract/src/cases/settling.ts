import { strict as assert } from 'node:assert';
import type { ContractSection } from '../contract-case.ts';
import { fails } from '../fails.ts';
import {
  boundsOf,
  confirmed,
  fundedWallet,
  nativeBalance,
  pushThrough,
  ROUNDS,
  settle,
  signedPayment,
} from '../payment.ts';

export const settling: ContractSection = {
  about: 'sending and settling',
  cases: [
    {
      promise: 'moves exactly the amount and costs no more than was announced',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const before = await nativeBalance(world, from.address);
        const { built, signed } = await signedPayment(adapter, from, { to: to.address, amount });
        assert.deepEqual(await adapter.submitTransaction(signed), { txHash: signed.txHash, alreadyProcessed: false });
        const { fee, commitment } = await confirmed(world, signed);
        assert.ok(commitment === 'confirmed' || commitment === 'finalized');
        const paid = before - amount - (await nativeBalance(world, from.address));
        assert.equal(await nativeBalance(world, to.address), amount);
        assert.ok(paid > 0n && paid <= built.estimatedFee, `paid a fee of ${paid}, announced ${built.estimatedFee}`);
        if (fee !== undefined) assert.equal(fee, paid);
      },
    },
    {
      promise: 'tells the state of a transaction: unknown to the chain, then landed, then final',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount });
        assert.deepEqual(await adapter.getTransactionStatus(signed.txHash), { state: 'not_found' });
        await adapter.submitTransaction(signed);
        const verdict = await settle(world, signed, { target: 'finalized' });
        assert.equal(verdict.verdict, 'confirmed');
        const status = await adapter.getTransactionStatus(signed.txHash);
        if (status.state !== 'landed') assert.fail('a confirmed transaction is unknown');
        assert.equal(status.commitment, 'finalized');
        assert.equal(status.error, null);
        if (verdict.verdict === 'confirmed') {
          assert.equal(verdict.commitment, 'finalized');
          assert.equal(status.blockNumber, verdict.blockNumber);
        }
      },
    },
    {
      promise: 'pays once, however often the same bytes are sent',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount });
        const again = () => adapter.submitTransaction(signed).catch(() => null);
        await Promise.all([again(), again(), again()]);
        await confirmed(world, signed);
        assert.deepEqual(await adapter.submitTransaction(signed), { txHash: signed.txHash, alreadyProcessed: true });
        await world.advance(3);
        assert.equal(await nativeBalance(world, to.address), amount);
      },
    },
    {
      promise: 'does not call a payment failed whose answer was lost: it landed',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount });
        world.faults.loseNextSubmitAnswer();
        const outcome = await adapter.submitTransaction(signed).catch((error: unknown) => error);
        // An adapter with several nodes may have heard it from another one.
        if (outcome instanceof Error) await fails(Promise.reject(outcome), { mayHaveLanded: true });
        await confirmed(world, signed);
        assert.equal(await nativeBalance(world, to.address), amount);
      },
    },
    {
      promise: 'sends nothing but the transaction it is asked to send',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount });
        const { signed: other } = await signedPayment(adapter, from, { to: to.address, amount: amount + 1n });
        const expected = { code: 'SUBMIT_FAILED', mayHaveLanded: false } as const;
        await fails(adapter.submitTransaction({ ...signed, txHash: other.txHash }), expected);
        for (const bytes of [new Uint8Array(), new Uint8Array(200).fill(7), signed.bytes.slice(0, 40)]) {
          await fails(adapter.submitTransaction({ ...signed, bytes }), expected);
        }
        await world.advance(2);
        assert.equal(await nativeBalance(world, to.address), 0n);
      },
    },
    {
      promise: 'tells a failure on chain for what it is, and calls it failed once its block is final, never before',
      async run(world) {
        const hash = await world.failOnChain();
        for (let round = 0; round < ROUNDS; round += 1) {
          const { verdict } = await world.adapter.waitForConfirmation(hash, { timeoutMs: 0 });
          const status = await world.adapter.getTransactionStatus(hash);
          if (status.state !== 'landed') assert.fail('a failed transaction is unknown');
          assert.equal(typeof status.error, 'string');
          if (verdict === 'failed') return assert.equal(status.commitment, 'finalized');
          assert.equal(verdict, 'unknown');
          await world.advance(1);
        }
        assert.fail('a failure in a block that is final is never called one');
      },
    },
    {
      promise: 'says "unknown" when the time is over, never that it failed or expired',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount });
        for (const options of [{}, boundsOf(signed)]) {
          const verdict = await adapter.waitForConfirmation(signed.txHash, { ...options, timeoutMs: 200 });
          assert.deepEqual(verdict, { verdict: 'unknown' });
        }
        await adapter.submitTransaction(signed);
        await confirmed(world, signed);
      },
    },
    {
      promise: 'ends a wait at once when it is told to, with no verdict',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount });
        const wait = (signal: AbortSignal) =>
          adapter.waitForConfirmation(signed.txHash, { ...boundsOf(signed), timeoutMs: 3_600_000, signal });
        const controller = new AbortController();
        const waiting = wait(controller.signal);
        controller.abort();
        assert.deepEqual(await waiting, { verdict: 'unknown' });
        assert.deepEqual(await wait(controller.signal), { verdict: 'unknown' });
      },
    },
    {
      promise: 'proves expiry: only for what can no longer land, and it does not land afterwards',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount });
        await world.outlive(signed);
        const verdict = await settle(world, signed);
        assert.equal(verdict.verdict, 'expired');
        await adapter.submitTransaction(signed).catch(() => null);
        await world.advance(3);
        assert.equal(await nativeBalance(world, to.address), 0n);
        assert.deepEqual(await adapter.getTransactionStatus(signed.txHash), { state: 'not_found' });
      },
    },
    {
      promise: 'does not prove expiry without the bound it is proven by',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const { signed } = await signedPayment(adapter, from, { to: to.address, amount });
        await world.outlive(signed);
        const verdict = await adapter.waitForConfirmation(signed.txHash, { timeoutMs: 200 });
        assert.deepEqual(verdict, { verdict: 'unknown' });
      },
    },
    {
      promise: 'takes nothing for the id of a transaction that is none',
      async run(world) {
        const { address } = await world.createWallet();
        for (const bad of ['', 'abc', address, '0x00', '1'.repeat(500)]) {
          await fails(world.adapter.getTransactionStatus(bad), { retryable: false });
          await fails(world.adapter.waitForConfirmation(bad, { timeoutMs: 1 }), { retryable: false });
        }
      },
    },
    {
      promise: 'carries twenty payments of one wallet at once, each once',
      async run(world) {
        const { adapter, payment: amount } = world;
        const [from, to] = [await fundedWallet(world, 30), await world.createWallet()];
        const signed = await Promise.all(
          Array.from(
            { length: 20 },
            async () => (await signedPayment(adapter, from, { to: to.address, amount })).signed,
          ),
        );
        assert.equal(new Set(signed.map(({ txHash }) => txHash)).size, 20);
        await Promise.all(signed.map((transaction) => pushThrough(world, transaction)));
        assert.equal(await nativeBalance(world, to.address), 20n * amount);
      },
    },
  ],
};
