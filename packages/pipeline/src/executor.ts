import {
  type ChainErrorCode,
  DECLINED,
  type IChainAdapter,
  isChainError,
  isReplacer,
  isWaiaasError,
  nativeAsset,
  nativeAssetId,
  type SignedTransaction,
} from '@waiaas/core';
import type { SigningPermit } from '@waiaas/keystore';
import type { AuthenticTransaction } from '@waiaas/storage';
import { chainRefusal, isGivenUp } from './chain-refusal.ts';
import type { ClaimedPayment } from './claimed-payment.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { type Executable, readExecutable } from './executable.ts';
import { createExecutionCap, TimeIsUp } from './execution-cap.ts';
import type { Passage } from './network-breaker.ts';
import { createStuckTransactions } from './recall/stuck-transactions.ts';
import type { Refusal } from './refusal.ts';
import type { Settlement } from './settlement.ts';
import type { Shutdown } from './shutdown.ts';
import { tokenObjection } from './tokens.ts';

/** How many lines of a failed simulation are kept with the row. */
const KEPT_LOGS = 32;

/** A step that ended the execution before anything was sent. */
class Stopped extends Error {
  readonly refusal: Refusal;
  readonly extra: Readonly<Record<string, unknown>>;
  constructor(refusal: Refusal, extra: Readonly<Record<string, unknown>> = {}) {
    super(refusal.token);
    this.refusal = refusal;
    this.extra = extra;
  }
}

/** What is ready to be recorded and sent. */
interface Prepared {
  readonly signed: SignedTransaction;
  /** What it puts into an account opened for the recipient, base units of the native asset. */
  readonly accountRent: bigint;
  /** Hashes of what it takes the place of. */
  readonly displaces: readonly string[];
}

/** Errors that say that the network could not be reached or did not answer, not that it refused (08 §2.6.1). */
const NETWORK_FAULTS: ReadonlySet<ChainErrorCode> = new Set(['RPC_ERROR', 'NETWORK_ERROR', 'SIMULATION_FAILED']);
const TIMED_OUT: Refusal = { code: 'CHAIN_ERROR', token: 'EXECUTION_TIMEOUT', retryable: true };
/** A node that answers with a refusal works, whatever it refuses. */
const isNetworkFault = (error: unknown): boolean =>
  isChainError(error)
    ? NETWORK_FAULTS.has(error.code) && error.details?.reason !== DECLINED
    : error instanceof TimeIsUp;

const KILL_SWITCH: Refusal = { code: 'SYSTEM_LOCKED', token: 'KILL_SWITCH' };
/** What a stop or a start of the daemon has left unsent. */
export const RESTARTED: Refusal = {
  code: 'CHAIN_ERROR',
  token: 'DAEMON_RESTARTED',
  message: 'The daemon was restarted before the payment was sent; nothing was paid.',
  retryable: true,
};
const LOCKED: Refusal = { code: 'KEYSTORE_LOCKED', token: 'KEYSTORE_LOCKED' };

/** Why something thrown before the broadcast stopped the execution. */
function whyStopped(error: unknown): Refusal {
  if (error instanceof TimeIsUp) return TIMED_OUT;
  // Adapters hand on why the keystore did not sign as the cause of their own error.
  const reason = isChainError(error) && isWaiaasError(error.cause) ? error.cause : error;
  if (isWaiaasError(reason, 'SYSTEM_LOCKED')) return KILL_SWITCH;
  if (isWaiaasError(reason, 'KEYSTORE_LOCKED')) return LOCKED;
  if (isWaiaasError(reason)) return { code: reason.code, token: reason.code, retryable: false };
  return chainRefusal(error);
}

/** A token payment can fail for want of two assets; which of them is said. */
function withAsset(refusal: Refusal, { chain, token }: Executable): Refusal {
  if (refusal.code !== 'INSUFFICIENT_BALANCE' || token === null) return refusal;
  const { symbol } = nativeAsset(chain);
  return {
    ...refusal,
    message: `The wallet does not hold enough ${symbol} for the network fee of a token payment.`,
    details: { ...refusal.details, asset: nativeAssetId(chain) },
  };
}

/**
 * Stage 5, the same for every tier (04 §6.5): build, simulate, sign, record, send. Takes a row that this process has just
 * moved to EXECUTING and answers it as SUBMITTED, as FAILED, or null when another hand has taken it on.
 *
 * Each row is signed at most once here: it comes with one permit, for this intent only, which is taken back when the time for
 * the execution is up, and T4 refuses a second hash. What is sent is stored before it is sent. Once the network may have the bytes, no error is a
 * failure: the row becomes SUBMITTED and the chain decides.
 *
 * What the network has done of its part is told to the passage, the rest is the caller's to end.
 */
export type Executor = (payment: ClaimedPayment, passage: Passage) => Promise<AuthenticTransaction | null>;

export function createExecutor(
  dependencies: Pick<
    PipelineDependencies,
    'storage' | 'clock' | 'adapters' | 'signer' | 'permits' | 'gate' | 'sealer' | 'timers' | 'logger' | 'settings'
  > & { readonly settlement: Settlement; readonly shutdown: Pick<Shutdown, 'signal'> },
): Executor {
  const { adapters, signer, gate, sealer, timers, logger, settings, settlement, shutdown } = dependencies;
  const withinCap = createExecutionCap(dependencies);
  const stuckTransactions = createStuckTransactions(dependencies);

  /** What goes back to the owner is not kept from it by anything that nobody takes: it goes in its place. */
  async function build(adapter: IChainAdapter, { agentId, transfer }: Executable, isRecall: boolean) {
    const displacing =
      isRecall && isReplacer(adapter)
        ? await adapter.buildDisplacing(transfer, await stuckTransactions(agentId))
        : null;
    return displacing ?? adapter.buildTransaction(transfer);
  }

  /** 5a to 5c. Throws whatever stops it; nothing has been sent. */
  async function prepare(
    adapter: IChainAdapter,
    { executable, isRecall }: { readonly executable: Executable; readonly isRecall: boolean },
    permit: SigningPermit,
  ): Promise<Prepared> {
    const objection = await tokenObjection(adapter, executable);
    if (objection !== null) throw new Stopped(objection);
    const unsigned = await build(adapter, executable, isRecall);
    const simulation = await adapter.simulateTransaction(unsigned);
    if (!simulation.success) {
      const reason = simulation.error ?? 'The node gave no reason';
      const extra = { simulationLogs: simulation.logs.slice(-KEPT_LOGS) };
      if (simulation.insufficientFunds === true) {
        throw new Stopped(
          { code: 'INSUFFICIENT_BALANCE', token: 'INSUFFICIENT_BALANCE', reason, details: { reason } },
          extra,
        );
      }
      throw new Stopped({ code: 'SIMULATION_FAILED', token: 'SIMULATION_FAILED', reason, details: { reason } }, extra);
    }
    if (!gate.isOpen) throw new Stopped(KILL_SWITCH);
    const signed = await adapter.signTransaction(unsigned, async (message) => signer.sign(permit, message));
    const displaces = unsigned.displaces?.map(({ txHash }) => txHash) ?? [];
    return { signed, accountRent: unsigned.accountRent ?? 0n, displaces };
  }

  /** 5d: the same bytes, at most twice. Answers what is known about them. */
  async function send(
    adapter: IChainAdapter,
    signed: SignedTransaction,
    passage: Passage,
    epoch: number,
  ): Promise<'sent' | 'ambiguous' | Refusal> {
    const mayGoOn = (): boolean => gate.isOpen && gate.epoch === epoch;
    try {
      await adapter.submitTransaction(signed, mayGoOn);
      passage.succeeded();
      return 'sent';
    } catch (error) {
      // Only a refusal of the very first attempt proves anything: later ones may be about bytes that landed already, unless they say
      // that nobody has got them.
      if (isChainError(error) && !error.mayHaveLanded) {
        if (isNetworkFault(error)) passage.failed();
        return chainRefusal(error);
      }
      logger.warn(
        { txHash: signed.txHash, error: String(error) },
        'The network may or may not have taken a transaction',
      );
    }
    await timers.sleep(settings.resubmitAfterMs);
    // Engaged meanwhile: what the network may have is watched, not helped (04 §20).
    if (!mayGoOn()) return 'ambiguous';
    try {
      await adapter.submitTransaction(signed, mayGoOn);
      passage.succeeded();
      return 'sent';
    } catch (error) {
      if (isGivenUp(error)) return chainRefusal(error);
      if (isNetworkFault(error)) passage.failed();
      logger.warn({ txHash: signed.txHash, error: String(error) }, 'Sending it again did not tell either');
    }
    return 'ambiguous';
  }

  return async ({ row, permit }, passage) => {
    let signed: SignedTransaction;
    let recorded: AuthenticTransaction;
    let adapter: IChainAdapter | undefined;
    let executable: Executable | null = null;
    // A permit is for the epoch of its decision, which this is, or nothing is signed.
    const { epoch } = gate;
    try {
      executable = readExecutable(sealer, row);
      if (executable === null) throw new Stopped({ code: 'POLICY_DENIED', token: 'INTENT_NOT_AUTHENTIC' });
      adapter = adapters.find(executable.chain, executable.network);
      if (adapter === undefined) throw new Stopped({ code: 'ADAPTER_NOT_AVAILABLE', token: 'ADAPTER_NOT_AVAILABLE' });
      if (permit === null) throw new Stopped(KILL_SWITCH);
      const prepared = await withinCap(
        prepare(adapter, { executable, isRecall: row.recall_id !== null }, permit),
        permit,
        (late) => late.signed.discard?.(),
      );
      signed = prepared.signed;
      const record = await settlement.recordBroadcast(row, signed, prepared);
      if (record === null || 'refusal' in record) signed.discard?.();
      if (record === null) return null;
      if ('refusal' in record) throw new Stopped(record.refusal);
      recorded = record.recorded;
    } catch (error) {
      if (isNetworkFault(error)) passage.failed();
      if (!(error instanceof Stopped || error instanceof TimeIsUp))
        logger.warn({ txId: row.id, error: String(error) }, 'An execution was stopped');
      const [refusal, extra] = error instanceof Stopped ? [error.refusal, error.extra] : [whyStopped(error), {}];
      // The stop has shut its gate and its connections: what they say is not what has become of the payment.
      if (shutdown.signal.aborted) return settlement.failedBeforeLanding(row, RESTARTED);
      return settlement.failedBeforeLanding(row, executable === null ? refusal : withAsset(refusal, executable), extra);
    }
    // Engaged between signature and broadcast, and be it over again: these bytes have left nobody's hands yet, and now never
    // will.
    if (!gate.isOpen || gate.epoch !== epoch) {
      const failed = await settlement.failedBeforeLanding(recorded, shutdown.signal.aborted ? RESTARTED : KILL_SWITCH);
      signed.discard?.();
      return failed;
    }
    const outcome = await send(adapter, signed, passage, epoch);
    if (outcome === 'sent' || outcome === 'ambiguous') {
      return settlement.submitted(recorded, { ambiguous: outcome === 'ambiguous' });
    }
    return settlement.failedBeforeLanding(recorded, outcome);
  };
}
