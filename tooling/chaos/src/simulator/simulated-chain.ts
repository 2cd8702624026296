import {
  type IChainAdapter,
  type IReplacer,
  type ISweeper,
  type ITokenReader,
  isReplacer,
  type SignedVariant,
} from '@waiaas/core';
import {
  createFakeAdapter,
  createNonceAdapter,
  FAULTS,
  type Fault,
  type NetworkCall,
  type VirtualTime,
} from '@waiaas/fake-chain';
import type { Life } from './incarnation.ts';
import type { SimulatedLedger } from './ledger-kind.ts';
import type { Random } from './random.ts';
import type { Sends } from './sends.ts';

/** A transaction that the daemon has signed. */
export interface Signed {
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  /** Null for what goes back to the owner. */
  readonly memo: string | null;
  readonly mint: string | null;
  /** The network's, base units of the native asset. */
  readonly fee: bigint;
  /** Whether it takes the place of something that was signed for the same payment. */
  readonly isReplacement: boolean;
}

/** How the network is, and who watches it. */
export interface SimulatedNetwork {
  readonly ledger: SimulatedLedger;
  readonly time: VirtualTime;
  readonly random: Random;
  /** How many calls of a thousand go wrong. */
  readonly faultPerMille: () => number;
  /** Whether the node cannot be reached at all. */
  readonly isDown: () => boolean;
  readonly onFault: (fault: Fault) => void;
  /** Called for each transaction that is to land late or never. */
  readonly onFate: (hash: string, fate: 'late' | 'dropped') => void;
  readonly onSigned: (signed: Signed) => void;
  /** Called before something leaves for a node. */
  readonly onSent: (hash: string) => void;
  readonly sends: Pick<Sends, 'signed' | 'taken'>;
}

type SimulatedAdapter = IChainAdapter & ITokenReader & ISweeper & Partial<IReplacer>;

/** What a life on the chain needs beside the network. */
export interface ChainUser {
  readonly life: Life;
  /** What the daemon has on record as signed for a wallet. */
  readonly recorded: (address: string) => Promise<readonly SignedVariant[]>;
}

/**
 * The fake chain, as far away as a network makes it: every call takes a random while on its way there and back, so that
 * the calls of many payments overtake one another; the daemon may die before, during and after each.
 */
export function createSimulatedChain(network: SimulatedNetwork, { life, recorded }: ChainUser): IChainAdapter {
  const { ledger, time, random, faultPerMille, isDown, onFault, onFate, onSigned, onSent, sends } = network;
  const behaviour = {
    landsAfter: random.int(0, 3),
    sleep: (ms: number) => time.sleep(ms),
    onTaken: (hash: string, fault: Fault | undefined) => {
      if (fault === 'late' || fault === 'dropped') onFate(hash, fault);
    },
    faults: (_call: NetworkCall) => {
      const fault = isDown() ? 'lost-request' : random.chance(faultPerMille()) ? random.pick(FAULTS) : undefined;
      if (fault !== undefined) onFault(fault);
      return fault;
    },
  };
  const inner: SimulatedAdapter =
    ledger.nonces === null
      ? createFakeAdapter({ ledger: ledger.truth, lifetime: 40, ...behaviour })
      : createNonceAdapter({ ledger: ledger.nonces, recorded, ...behaviour });
  const travel = async (): Promise<void> => {
    await time.sleep(random.chance(50) ? random.int(1000, 20_000) : random.int(0, 400));
    await life.mayDie();
  };
  const far =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      await travel();
      try {
        return await call(...args);
      } finally {
        await travel();
      }
    };
  const submit = far((...args: Parameters<IChainAdapter['submitTransaction']>) => inner.submitTransaction(...args));
  const chain: SimulatedAdapter = {
    ...inner,
    isConnected: () => !isDown() && inner.isConnected(),
    getBalance: far((address) => inner.getBalance(address)),
    buildTransaction: far((request) => inner.buildTransaction(request)),
    simulateTransaction: far((transaction) => inner.simulateTransaction(transaction)),
    async signTransaction(transaction, sign) {
      const signed = await inner.signTransaction(transaction, sign);
      sends.signed(signed.txHash, transaction.replaces?.[0]?.txHash);
      const { from, to, amount, memo = null, token } = transaction.request;
      const isReplacement = transaction.replaces !== undefined;
      onSigned({ from, to, amount, memo, mint: token?.address ?? null, fee: transaction.estimatedFee, isReplacement });
      return signed;
    },
    async submitTransaction(transaction, mayGoOn) {
      onSent(transaction.txHash);
      const sent = await submit(transaction, mayGoOn);
      sends.taken(transaction.txHash);
      return sent;
    },
    getTransactionStatus: far((hash) => inner.getTransactionStatus(hash)),
    waitForConfirmation: far((hash, options) => inner.waitForConfirmation(hash, options)),
    estimateFee: far((request) => inner.estimateFee(request)),
    listHoldings: far((address, known) => inner.listHoldings(address, known)),
    quoteSweep: far((sweep) => inner.quoteSweep(sweep)),
    ...(isReplacer(inner) ? createFarReplacer(inner, far) : {}),
  };
  return chain;
}

type Far = <Args extends unknown[], Result>(
  call: (...args: Args) => Promise<Result>,
) => (...args: Args) => Promise<Result>;

const createFarReplacer = (inner: IReplacer, far: Far): IReplacer => ({
  buildReplacement: far((...args) => inner.buildReplacement(...args)),
  buildDisplacing: far((request, stuck) => inner.buildDisplacing(request, stuck)),
});
