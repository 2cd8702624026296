import { strict as assert } from 'node:assert';
import {
  type ConfirmationVerdict,
  isReplacer,
  type SignedTransaction,
  type SignedVariant,
  type TransferRequest,
  type UnsignedTransaction,
} from '@waiaas/core';
import type { ContractSection } from '../contract-case.ts';
import { boundsOf, fundedWallet, nativeBalance, pushThrough, settle, signedPayment } from '../payment.ts';
import { refusedUnsigned } from '../tampering.ts';
import type { ContractWallet, ReplacementWorld } from '../world.ts';

/** A payment that was signed, and what it was asked for as. */
interface Behind {
  readonly from: ContractWallet;
  readonly request: TransferRequest;
  readonly signed: SignedTransaction;
}

/** Signs a payment that nobody has been handed by the time when prices have risen above it. */
async function leftBehind(world: ReplacementWorld): Promise<Behind> {
  const [from, to] = [await fundedWallet(world), await world.createWallet()];
  const request = { from: from.address, to: to.address, amount: world.payment };
  const { signed } = await signedPayment(world.adapter, from, request);
  await world.outprice();
  return { from, request, signed };
}

/** Hands bytes to the network, which may want something else in their place by now. */
const offer = (world: ReplacementWorld, signed: SignedTransaction): Promise<unknown> =>
  world.adapter.submitTransaction(signed).catch(() => undefined);

function needed(built: UnsignedTransaction | null): UnsignedTransaction {
  if (built === null) assert.fail('there is need for it');
  return built;
}

const placeOf = ({ nonce }: SignedTransaction): bigint => {
  if (nonce === undefined) assert.fail('what can be replaced has a nonce');
  return nonce;
};

/** Waits for a verdict about a payment, by all that was signed for it, newest first. */
async function settleAll(
  world: ReplacementWorld,
  [newest, ...variants]: readonly [SignedTransaction, ...SignedTransaction[]],
): Promise<ConfirmationVerdict> {
  const others: readonly SignedVariant[] = variants;
  for (let round = 0; round < 100; round += 1) {
    const options = { ...boundsOf(newest), variants: others, timeoutMs: 250 };
    const verdict = await world.adapter.waitForConfirmation(newest.txHash, options);
    if (verdict.verdict !== 'unknown') return verdict;
    await world.advance(1);
  }
  return { verdict: 'unknown' };
}

export const replacing: ContractSection<ReplacementWorld> = {
  about: 'taking the place of what is left behind',
  cases: [
    {
      promise: 'offers both ways of it, or none',
      unconnected: true,
      async run({ replacer, adapter }) {
        assert.equal(typeof replacer.buildReplacement, 'function');
        assert.equal(typeof replacer.buildDisplacing, 'function');
        assert.ok(isReplacer(adapter));
      },
    },
    {
      promise: 'replaces nothing that the next block could take, and nothing that has landed',
      async run(world) {
        const [from, to] = [await fundedWallet(world), await world.createWallet()];
        const request = { from: from.address, to: to.address, amount: world.payment };
        const { signed } = await signedPayment(world.adapter, from, request);
        assert.equal(await world.replacer.buildReplacement(request, [signed]), null);
        await pushThrough(world, signed);
        await world.outprice();
        assert.equal(await world.replacer.buildReplacement(request, [signed]), null);
        assert.equal(await world.replacer.buildReplacement(request, [signed], true), null);
        assert.equal(await world.replacer.buildDisplacing({ ...request, amount: 1n }, [signed]), null);
      },
    },
    {
      promise: 'replaces a payment by the same one with its nonce, so that it is paid once, whichever variant lands',
      async run(world) {
        const { from, request, signed } = await leftBehind(world);
        const built = needed(await world.replacer.buildReplacement(request, [signed]));
        assert.deepEqual(
          [built.request.to, built.request.amount, built.displaces],
          [request.to, request.amount, undefined],
        );
        assert.equal((await world.adapter.simulateTransaction(built)).success, true);
        const second = await world.adapter.signTransaction(built, from.sign);
        assert.notEqual(second.txHash, signed.txHash);
        assert.equal(placeOf(second), placeOf(signed));
        await pushThrough(world, second);
        await offer(world, signed);
        await world.advance(3);
        const verdict = await settleAll(world, [second, signed]);
        assert.equal(verdict.verdict, 'confirmed');
        assert.equal(verdict.txHash, second.txHash);
        assert.equal(await nativeBalance(world, request.to), request.amount);
      },
    },
    {
      promise:
        'asks the key for no other payment in the place of one, and for none in the place of something it was not told of',
      async run(world) {
        const { from, request, signed } = await leftBehind(world);
        const built = needed(await world.replacer.buildReplacement(request, [signed]));
        const other = await world.createWallet();
        const more = { ...built, request: { ...request, amount: request.amount + 1n } };
        await refusedUnsigned(world.adapter, from, more, 'another amount');
        const elsewhere = { ...built, request: { ...request, to: other.address } };
        await refusedUnsigned(world.adapter, from, elsewhere, 'another recipient');
        await refusedUnsigned(world.adapter, from, { ...built, replaces: [] }, 'in the place of nothing');
      },
    },
    {
      promise: 'displaces a payment by another one with its nonce: one of both is executed, and each is told which',
      async run(world) {
        const { from, request, signed } = await leftBehind(world);
        const home = await world.createWallet();
        const instead = { from: from.address, to: home.address, amount: world.payment };
        const built = needed(await world.replacer.buildDisplacing(instead, [signed]));
        assert.deepEqual(
          built.displaces?.map(({ txHash }) => txHash),
          [signed.txHash],
        );
        assert.equal((await world.adapter.simulateTransaction(built)).success, true);
        const displacing = await world.adapter.signTransaction(built, from.sign);
        assert.equal(placeOf(displacing), placeOf(signed));
        await pushThrough(world, displacing);
        await offer(world, signed);
        assert.equal((await settle(world, displacing, { target: 'finalized' })).verdict, 'confirmed');
        assert.equal((await settle(world, signed)).verdict, 'expired');
        assert.equal(await nativeBalance(world, home.address), world.payment);
        assert.equal(await nativeBalance(world, request.to), 0n);
      },
    },
    {
      promise: 'displaces nothing where nothing is stuck, and nothing that is not due',
      async run(world) {
        const { from, request } = await leftBehind(world);
        const home = await world.createWallet();
        const instead = { from: from.address, to: home.address, amount: world.payment };
        assert.equal(await world.replacer.buildDisplacing(instead, []), null);
        const { signed: later } = await signedPayment(world.adapter, from, { ...request, amount: world.payment / 2n });
        assert.equal(await world.replacer.buildDisplacing(instead, [later]), null);
      },
    },
    {
      promise: 'raises what has displaced a payment, when prices rise again',
      async run(world) {
        const { from, request, signed } = await leftBehind(world);
        const home = await world.createWallet();
        const instead = { from: from.address, to: home.address, amount: world.payment };
        const built = needed(await world.replacer.buildDisplacing(instead, [signed]));
        const first = await world.adapter.signTransaction(built, from.sign);
        await world.outprice();
        const raised = needed(await world.replacer.buildReplacement(instead, [first], false, [signed]));
        const second = await world.adapter.signTransaction(raised, from.sign);
        assert.equal(placeOf(second), placeOf(signed));
        await pushThrough(world, second);
        assert.equal((await settleAll(world, [second, first])).verdict, 'confirmed');
        assert.equal((await settle(world, signed)).verdict, 'expired');
        assert.equal(await nativeBalance(world, home.address), world.payment);
        assert.equal(await nativeBalance(world, request.to), 0n);
      },
    },
  ],
};
