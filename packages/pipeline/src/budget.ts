import {
  type AgentBudgetResponse,
  type AgentId,
  type AssetId,
  type BudgetQuery,
  type BudgetResponse,
  baseUnits,
  isAccountOpener,
  isoFromSeconds,
  nativeAsset,
  nativeAssetId,
  type SessionConstraints,
  type SessionId,
  tokenAssetId,
  transactionId,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { type RenewalLimits, renewalsLeft } from '@waiaas/management';
import { type CompiledPolicies, type Payment, spendWindows } from '@waiaas/policy-engine';
import {
  type Db,
  findAgent,
  findSession,
  type LiveReservation,
  liveReservations,
  readUsage,
  spentSince,
} from '@waiaas/storage';
import { accountRentSpent } from './account-rent.ts';
import type { BalanceReading } from './balance.ts';
import { type Decider, reservedOf } from './decide.ts';
import type { PipelineDependencies } from './dependencies.ts';
import { type Room, remainingOf, sessionRoom, underWayOf } from './session-check.ts';
import { readToken } from './tokens.ts';

/** No transaction has this id. */
const NONE = transactionId('00000000-0000-7000-8000-000000000000');

/** The session that asks what it may still spend. */
export interface BudgetSession {
  readonly agentId: AgentId;
  readonly sessionId: SessionId;
  readonly constraints: SessionConstraints;
}

const amounts = (room: Room<bigint>) => ({
  limit: room.limit.toString(),
  used: room.used.toString(),
  reserved: room.reserved.toString(),
  remaining: remainingOf(room).toString(),
});

const counts = ({ limit, used, reserved }: Room<number>) => ({
  limit,
  used,
  reserved,
  remaining: Math.max(0, limit - used - reserved),
});

/** The smallest of some amounts; null when none of them limits anything. */
const smallest = (limits: readonly (bigint | null)[]): bigint | null =>
  limits.reduce<bigint | null>(
    (least, limit) => (limit !== null && (least === null || limit < least) ? limit : least),
    null,
  );

/** What may still be spent of one asset. */
export interface Budget {
  /** By a session: its own limits, and those of its agent's policies. */
  ofSession(session: BudgetSession, query?: BudgetQuery): Promise<BudgetResponse>;
  /** By an agent, whatever its session: the limits of its policies. */
  ofAgent(agentId: AgentId, query?: BudgetQuery): Promise<AgentBudgetResponse>;
}

/** A balance that is not asked for: what it decides is only whether an approval is needed. */
const UNREAD: BalanceReading = { held: null, mark: null };

/**
 * Tells what may still be spent of one asset (00 §3). It is worked out by the functions that admission asks, from the same
 * rows; by the time it arrives another session of the agent may have spent some of it.
 */
export function createBudget(
  dependencies: Pick<PipelineDependencies, 'storage' | 'sealer' | 'clock' | 'settings' | 'adapters'> & {
    readonly decider: Decider;
  },
): Budget {
  const { storage, sealer, clock, settings, adapters, decider } = dependencies;

  /** What the caps leave; null when what was spent cannot be believed. */
  async function caps(
    db: Db,
    agentId: AgentId,
    asset: AssetId,
    context: { compiled: CompiledPolicies; live: readonly LiveReservation[]; payment: Payment; now: number },
  ) {
    const { compiled, live, payment, now } = context;
    const limits = Object.hasOwn(compiled.spendingLimit?.limits ?? {}, asset)
      ? (compiled.spendingLimit?.limits[asset] ?? null)
      : null;
    const rooms: { day: Room<bigint> | null; week: Room<bigint> | null } = { day: null, week: null };
    for (const { name, since } of spendWindows(compiled, payment, now)) {
      const limit = name === 'day' ? limits?.dailyMax : limits?.weeklyMax;
      if (limit === null || limit === undefined) continue;
      const used = await spentSince(db, sealer, agentId, asset, since);
      if (used === null) return null;
      rooms[name] = { limit, used, reserved: reservedOf(live, asset) };
    }
    return { limits, rooms };
  }

  /** Whether even the least payment, to whoever may be paid, is denied now: by the list, the rate or the hours. */
  async function isAllForbidden(
    db: Db,
    agentId: AgentId,
    context: { compiled: CompiledPolicies; live: readonly LiveReservation[]; payment: Payment; now: number },
  ): Promise<boolean> {
    const { compiled, live, payment, now } = context;
    const { whitelist } = compiled;
    const [listed] = whitelist?.chain === payment.chain ? Object.keys(whitelist.addresses) : [];
    const least = { ...payment, amount: baseUnits(1n), agentId, to: listed ?? payment.to, transactionId: NONE };
    const { decision } = await decider.judge(db, compiled, least, { live, now, balance: UNREAD });
    return decision.outcome === 'DENY';
  }

  /** What may be put into accounts of recipients; nothing more when it is not known what was. */
  async function rents(db: Db, agentId: AgentId, now: number): Promise<Room<bigint>> {
    const limit = settings.maxAccountRentDaily;
    return { limit, used: (await accountRentSpent(db, sealer, agentId, now)) ?? limit, reserved: 0n };
  }

  /** What the policies leave an agent of one asset, and what a session is held against beside it. */
  async function ofPolicies(agentId: AgentId, tokenMint: string | undefined) {
    const db = storage.read;
    const now = unixSeconds(clock);
    const agent = await findAgent(db, agentId);
    if (agent === undefined) throw new WaiaasError('AGENT_NOT_FOUND');
    const { chain, network } = agent;
    const token = tokenMint === undefined ? null : await readToken({ adapters }, { chain, network }, tokenMint);
    const asset = token === null ? nativeAssetId(chain) : tokenAssetId(chain, token.address);
    const { symbol, decimals } = token ?? nativeAsset(chain);
    const live = liveReservations(db, agentId);
    const compiled = await decider.inForce(db, agentId);
    const payment: Payment = { chain, asset, amount: 1n, to: agent.public_key };
    const policy =
      live === null || compiled === null || compiled.blocker !== null
        ? null
        : await caps(db, agentId, asset, { compiled, live, payment, now });
    const { day = null, week = null } = policy?.rooms ?? {};
    const limits = policy?.limits ?? null;
    return {
      chain,
      network,
      isToken: token !== null,
      live: live ?? [],
      /** Whether any payment can pass: not while all are denied, or what decides it cannot be believed. */
      mayPass:
        policy !== null &&
        live !== null &&
        compiled !== null &&
        !(await isAllForbidden(db, agentId, { compiled, live, payment, now })),
      left: [day, week].flatMap((cap) => (cap === null ? [] : [remainingOf(cap)])),
      policy: {
        asset,
        symbol,
        decimals,
        tiers:
          limits === null
            ? null
            : {
                instantMax: limits.instantMax.toString(),
                notifyMax: limits.notifyMax.toString(),
                delayMax: limits.delayMax.toString(),
              },
        dailyCap: day === null ? null : amounts(day),
        weeklyCap: week === null ? null : amounts(week),
      },
    };
  }

  async function ofSession(
    { agentId, sessionId, constraints }: BudgetSession,
    { tokenMint }: BudgetQuery = {},
  ): Promise<BudgetResponse> {
    const { chain, network, isToken, live, mayPass, left, policy } = await ofPolicies(agentId, tokenMint);
    const adapter = adapters.find(chain, network);
    const accountRent =
      adapter !== undefined && isAccountOpener(adapter) ? await rents(storage.read, agentId, unixSeconds(clock)) : null;
    const row = await findSession(storage.read, sessionId);
    if (row === undefined) throw new WaiaasError('INVALID_TOKEN', { details: { reason: 'unknown' } });
    const usage = readUsage(row);
    // Its seal is broken as well: nothing is paid by it any more.
    if (usage === null) throw new WaiaasError('INVALID_TOKEN', { details: { reason: 'unknown' } });
    const room = sessionRoom(constraints, {
      usage,
      ...underWayOf(live, sessionId, nativeAssetId(chain)),
    });
    const renewal: RenewalLimits = { constraints, defaultMaxRenewals: settings.defaultMaxRenewals };
    const forbidden =
      !mayPass ||
      (room.transactions !== null && counts(room.transactions).remaining === 0) ||
      constraints.allowedOperations?.includes(isToken ? 'TOKEN_TRANSFER' : 'TRANSFER') === false ||
      // Limits in native units deny every other asset (03 §9).
      (isToken && (room.perTransaction !== null || room.total !== null)) ||
      constraints.allowedDestinations?.length === 0;
    const most = forbidden
      ? 0n
      : smallest([room.perTransaction, room.total === null ? null : remainingOf(room.total), ...left]);

    return {
      chain,
      network,
      session: {
        expiresAt: isoFromSeconds(row.expires_at),
        maxAmountPerTx: room.perTransaction?.toString() ?? null,
        total: room.total === null ? null : amounts(room.total),
        transactions: room.transactions === null ? null : counts(room.transactions),
        allowedOperations: constraints.allowedOperations ?? null,
        allowedDestinations: constraints.allowedDestinations ?? null,
        renewalsLeft: row.absolute_expires_at === 0 ? 0 : renewalsLeft(row, renewal),
        absoluteExpiresAt: isoFromSeconds(Math.max(row.absolute_expires_at, row.expires_at)),
      },
      policy,
      accountRent: accountRent === null ? null : amounts(accountRent),
      maxPayment: most?.toString() ?? null,
    };
  }

  return {
    ofSession,
    async ofAgent(agentId, { tokenMint } = {}) {
      const { chain, network, policy } = await ofPolicies(agentId, tokenMint);
      return { agentId, chain, network, policy };
    },
  };
}
