import {
  type AssetId,
  type Chain,
  type Holding,
  type LeftBehind,
  type LeftReason,
  nativeAssetId,
  type TokenInfo,
  tokenAssetId,
} from '@waiaas/core';

/** How often something is tried before it is left where it is. */
const TRIES = 3;

/** A transaction of the recall that has ended, or that is not waited for any more. */
export interface Attempt {
  readonly asset: string;
  /** The token account; null where there is none. */
  readonly account: string | null;
  readonly closed: boolean;
  readonly moved: boolean;
  /** Whether it may still land. What does the same is not sent beside it. */
  readonly stuck: boolean;
  /** Why not. */
  readonly error: string | null;
}

/** What the plan goes by. */
export interface SweepFacts {
  readonly chain: Chain;
  /** What the wallet holds now, the native asset last. */
  readonly holdings: readonly Holding[];
  /** Transactions of this recall that have ended, or are not waited for any more. */
  readonly attempts: readonly Attempt[];
  /** Assets that somebody chose to hold: with limits in a policy, or paid with before. */
  readonly listed: ReadonlySet<string>;
  readonly includeUnlisted: boolean;
}

/** One token account or token to be moved away, or an account to be closed. */
export interface TokenStep {
  readonly kind: 'token';
  readonly asset: AssetId;
  readonly token: TokenInfo;
  /** Base units; 0 where an account is only closed. */
  readonly amount: bigint;
  readonly account: string | null;
  readonly close: boolean;
}

/** What can be done about the tokens of a wallet, and what is in the way of the rest. */
export interface TokenPlan {
  /** Each could be the next transaction; the order is not theirs to choose. */
  readonly steps: readonly TokenStep[];
  /** What will stay, unless something changes. */
  readonly left: readonly LeftBehind[];
}

/** Name of what a holding is of, also where its token is of a kind that is refused. */
export const assetOfHolding = (chain: Chain, { mint }: Holding): AssetId =>
  mint === null ? nativeAssetId(chain) : tokenAssetId(chain, mint);

/** A holding as something that is left behind. */
export const leftBehind = (chain: Chain, holding: Holding, reason: LeftReason, detail?: string): LeftBehind => ({
  asset: assetOfHolding(chain, holding),
  ...(holding.mint === null ? {} : { tokenMint: holding.mint }),
  ...(holding.account === null ? {} : { account: holding.account }),
  balance: holding.balance.toString(),
  reason,
  ...(detail === undefined ? {} : { detail }),
});

/**
 * What to do about tokens, which come before the native asset: without it, nobody could pay for moving them (08 §2.5.4).
 *
 * - Each account is a transaction of its own, so that one that cannot be moved does not block the rest. It is emptied and
 *   closed in one, its rent going back to the agent. After three failures, which a deposit at the wrong moment can cause, it
 *   is emptied without being closed.
 * - An empty account is closed, also a frozen one. Wrapped native coins come back by closing their account.
 * - What was sent and is not waited for any more is not sent again beside itself; after three of those, no further token is tried.
 * - Frozen accounts and tokens of refused kinds stay. So do tokens nobody chose to hold, unless they are asked for: to take
 *   what strangers have sent may cost the owner more than it is worth.
 */
export function planTokens(facts: SweepFacts): TokenPlan {
  const { chain, holdings, attempts } = facts;
  // Where nothing that was sent lands, what is worth most to be tried is the asset that pays for all.
  const isHeldUp = attempts.filter(({ asset, stuck }) => stuck && asset !== nativeAssetId(chain)).length >= TRIES;
  const steps: TokenStep[] = [];
  const left: LeftBehind[] = [];
  for (const holding of holdings) {
    if (holding.mint === null) continue;
    const planned = planHolding(facts, holding);
    if (planned === null) continue;
    if ('kind' in planned && !isHeldUp) steps.push(planned);
    else if ('kind' in planned) left.push(leftBehind(chain, holding, 'FAILED', 'STUCK'));
    else left.push(leftBehind(chain, holding, planned.reason, planned.detail));
  }
  return { steps, left };
}

interface Obstacle {
  readonly reason: LeftReason;
  readonly detail?: string;
}

function planHolding(facts: SweepFacts, holding: Holding): TokenStep | Obstacle | null {
  const { token, account, balance, wrapped, obstacle } = holding;
  const asset = assetOfHolding(facts.chain, holding);
  const tried = facts.attempts.filter(
    (attempt) => attempt.asset === asset && attempt.account === account && !attempt.moved,
  );
  const step = (change: Pick<TokenStep, 'amount' | 'close'>, of: TokenInfo): TokenStep => ({
    ...{ kind: 'token', asset, token: of, account },
    ...change,
  });
  const failed = (): Obstacle => {
    const detail = tried.at(-1)?.error ?? undefined;
    return { reason: 'FAILED', ...(detail === undefined ? {} : { detail }) };
  };

  if (obstacle === 'UNREADABLE') return { reason: 'FAILED', detail: 'What there is of it could not be read' };
  if (token === null || obstacle === 'UNSUPPORTED') return balance === 0n ? null : { reason: 'UNSUPPORTED' };
  if (account !== null && (balance === 0n || wrapped)) {
    if (wrapped && obstacle === 'FROZEN') return { reason: 'FROZEN' };
    if (tried.length < TRIES) return step({ amount: 0n, close: true }, token);
    return balance === 0n ? null : failed();
  }
  if (balance === 0n) return null;
  if (obstacle === 'FROZEN') return { reason: 'FROZEN' };
  if (!facts.includeUnlisted && !facts.listed.has(asset)) return { reason: 'UNLISTED' };
  if (tried.some(({ stuck }) => stuck)) return failed();
  if (account === null) return tried.length < TRIES ? step({ amount: balance, close: false }, token) : failed();
  const withClose = tried.filter(({ closed }) => closed).length;
  if (withClose < TRIES) return step({ amount: balance, close: true }, token);
  return tried.length === withClose ? step({ amount: balance, close: false }, token) : failed();
}

/** Whether something that is left was meant to be moved: it keeps a recall from being complete. */
export const isMissed = ({ reason }: LeftBehind): boolean =>
  reason !== 'UNLISTED' && reason !== 'DUST' && reason !== 'KEPT_FOR_GAS';
