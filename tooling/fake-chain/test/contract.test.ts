import { randomBytes, randomUUID } from 'node:crypto';
import {
  type ContractToken,
  type ContractTokens,
  type ContractWallet,
  describeAdapterContract,
  describeReplacementContract,
  describeSweepContract,
  describeTokenContract,
  type ReplacementWorld,
  type SweepWorld,
} from '@waiaas/adapter-contract';
import type { IChainAdapter, ISweeper, ITokenReader, SignedVariant } from '@waiaas/core';
import { describe, test } from 'vitest';
import {
  createFakeAdapter,
  createFakeLedger,
  createNonceAdapter,
  createNonceLedger,
  decodeSigned,
  type FakeLedger,
  type Fault,
  type NetworkCall,
} from '../src/index.ts';
import { createSigner } from './signer.ts';

const PAYMENT = 1_000_000n;

/** Hands a fault to every call that goes out, until it is used up or taken back. */
function switchboard() {
  let always: Fault | undefined;
  let onceAtSubmit: Fault | undefined;
  return {
    plan(call: NetworkCall): Fault | undefined {
      if (call !== 'submitTransaction' || onceAtSubmit === undefined) return always;
      const fault = onceAtSubmit;
      onceAtSubmit = undefined;
      return fault;
    },
    cut() {
      always = 'lost-request';
    },
    loseNextSubmitAnswer() {
      onceAtSubmit = 'lost-answer';
    },
    restore() {
      always = undefined;
    },
  };
}

/** A token of the ledger, as the contract tries them. */
async function createToken(ledger: FakeLedger, decimals: number, symbol: string): Promise<ContractToken> {
  const { address } = await createSigner(randomBytes(32));
  const info = { address, decimals, symbol };
  ledger.setToken(info);
  return { info, mint: async (to, amount) => ledger.mint(address, to, amount) };
}

/** What both kinds of ledger have in common. */
async function commonWorld(ledger: FakeLedger, adapter: IChainAdapter & ITokenReader & ISweeper) {
  await adapter.disconnect();
  const fund = async (address: string, amount: bigint): Promise<void> => ledger.fund(address, amount);
  const createWallet = async (): Promise<ContractWallet> => createSigner(randomBytes(32));
  const tokens: ContractTokens = {
    reader: adapter,
    kinds: [await createToken(ledger, 6, 'USDC'), await createToken(ledger, 18, 'WIDE')],
    noTokens: [(await createWallet()).address],
  };
  return {
    adapter,
    tokens,
    sweeper: adapter,
    payment: PAYMENT,
    notAddresses: ['abc', '1'.repeat(31), 'O'.repeat(43), '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'],
    secrets: [],
    createWallet,
    fund,
    advance: async (blocks: number) => ledger.advance(blocks),
    close: async () => undefined,
  };
}

const newHash = (): string => randomUUID().replaceAll('-', '').padStart(128, '0');

async function openWorld(): Promise<SweepWorld> {
  const ledger = createFakeLedger();
  const { plan, ...faults } = switchboard();
  const world = await commonWorld(ledger, createFakeAdapter({ ledger, faults: plan }));
  return {
    ...world,
    outlive: async () => ledger.advance(500),
    async failOnChain() {
      const hash = newHash();
      const { address } = await world.createWallet();
      await world.fund(address, PAYMENT);
      const transfer = { from: address, to: address, amount: PAYMENT, fee: 1n };
      ledger.accept(hash, { ...transfer, lastValidBlockHeight: ledger.height + 10n }, 0);
      ledger.advance(1);
      return hash;
    },
    // Nothing of it waits for a time limit: a call without an answer is a call that fails.
    faults: { ...faults, silence: faults.cut },
  };
}

/** Prices that nothing reaches which was offered before. */
const TIMES_DEARER = 4n;

async function openNonceWorld(): Promise<SweepWorld & ReplacementWorld> {
  const ledger = createNonceLedger();
  const { plan, ...faults } = switchboard();
  const record = new Map<string, SignedVariant & { readonly from: string }>();
  const recorded = async (address: string) => [...record.values()].filter(({ from }) => from === address);
  const plain = createNonceAdapter({ ledger, faults: plan, recorded });
  // Recorded at once, as whoever stores signed bytes before sending them does.
  const adapter: typeof plain = {
    ...plain,
    async signTransaction(transaction, sign) {
      const signed = await plain.signTransaction(transaction, sign);
      record.set(signed.txHash, { ...signed, from: transaction.request.from });
      return signed;
    },
  };
  const world = await commonWorld(ledger, adapter);
  return {
    ...world,
    replacer: adapter,
    async outprice() {
      ledger.price *= TIMES_DEARER;
    },
    async outlive({ bytes }) {
      ledger.useNonceOf(decodeSigned(bytes).from);
      ledger.advance(500);
    },
    async failOnChain() {
      const hash = newHash();
      const { address } = await world.createWallet();
      await world.fund(address, PAYMENT);
      const transfer = { from: address, to: address, amount: PAYMENT, token: 'nowhere', nonce: 0, price: ledger.price };
      ledger.offer(hash, transfer, 0);
      ledger.advance(1);
      return hash;
    },
    faults: { ...faults, silence: faults.cut },
  };
}

describeAdapterContract('the ledger in memory', openWorld, { describe, test });
describeSweepContract('the ledger in memory', openWorld, { describe, test });
describeTokenContract('the ledger in memory', openWorld, { describe, test });

describeAdapterContract('the ledger with nonces', openNonceWorld, { describe, test });
describeSweepContract('the ledger with nonces', openNonceWorld, { describe, test });
describeTokenContract('the ledger with nonces', openNonceWorld, { describe, test });
describeReplacementContract('the ledger with nonces', openNonceWorld, { describe, test });
