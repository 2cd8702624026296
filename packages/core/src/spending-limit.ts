import { z } from 'zod';
import { type AssetId, isAssetId, nativeAssetId, tokenAssetId } from './asset.ts';
import { limitSchema, parseUnits } from './base-units.ts';
import { CHAINS, type Chain, chainSchema, nativeAsset } from './network.ts';
import { isWalletAddress } from './wallet-address.ts';

/** Shortest cool-down of the DELAY tier, seconds (04 §24). */
export const DELAY_SECONDS_MIN = 60;
/** Shortest and longest wait for an approval, seconds (04 §24). */
export const APPROVAL_TIMEOUT_MIN = 300;
export const APPROVAL_TIMEOUT_MAX = 86_400;

const amounts = {
  /** Largest single amount that is paid at once. */
  instant_max: limitSchema,
  /** Largest single amount that is paid at once, with word to the owner. */
  notify_max: limitSchema,
  /** Largest single amount that is paid after a cool-down; above it, the owner must approve. */
  delay_max: limitSchema,
  /** Most that may be spent in a day, whatever the tier. */
  daily_max: limitSchema.optional(),
  /** Most that may be spent in a week, whatever the tier. */
  weekly_max: limitSchema.optional(),
};

interface Amounts {
  readonly instant_max: string;
  readonly notify_max: string;
  readonly delay_max: string;
  readonly daily_max?: string | undefined;
  readonly weekly_max?: string | undefined;
}

// zod runs this even after a field was refused for its form, so what is no amount is left to the field's own finding.
const above = (lower: string | undefined, upper: string | undefined): boolean =>
  limitSchema.safeParse(lower).success &&
  limitSchema.safeParse(upper).success &&
  BigInt(lower ?? '0') > BigInt(upper ?? '0');

const ordered = (rules: Amounts, context: z.RefinementCtx): void => {
  const issue = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
  if (above(rules.instant_max, rules.notify_max)) issue('notify_max', 'must not be below instant_max');
  if (above(rules.notify_max, rules.delay_max)) issue('delay_max', 'must not be below notify_max');
  if (above(rules.daily_max, rules.weekly_max)) issue('weekly_max', 'must not be below daily_max');
};

/** Limits of one further asset, in its own base units. */
export const assetLimitsSchema = z.strictObject(amounts).superRefine(ordered);
/** Limits of one further asset. */
export type AssetLimits = z.infer<typeof assetLimitsSchema>;

/**
 * The asset a key of `token_limits` stands for: an asset id, or a mint or contract of the rule's chain. A contract may be
 * written with its checksum or without. Null when the key can name no asset.
 * @example tokenLimitAsset('solana', 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v') // "solana:EPjFWdd5…"
 */
export function tokenLimitAsset(chain: Chain, key: string): AssetId | null {
  const named = key.includes(':') ? CHAINS.find((other) => key.startsWith(`${other}:`)) : chain;
  if (named === undefined) return null;
  const name = key.includes(':') ? key.slice(named.length + 1) : key;
  if (isWalletAddress(named, name)) return tokenAssetId(named, name);
  const asset = `${named}:${name}`;
  return isAssetId(asset) ? asset : null;
}

/** A limit that would never be looked at, or could be read in two ways, is refused instead of being ignored. */
function oneEntryPerAsset(
  rules: { readonly chain: Chain; readonly token_limits?: Readonly<Record<string, unknown>> | undefined },
  context: z.RefinementCtx,
): void {
  const seen = new Set<AssetId>([nativeAssetId(rules.chain)]);
  for (const key of Object.keys(rules.token_limits ?? {})) {
    const asset = tokenLimitAsset(rules.chain, key);
    const problem =
      asset === null
        ? 'must be keyed by an asset id or by a mint of the same chain'
        : seen.has(asset)
          ? 'must not give limits to an asset that has them already'
          : null;
    if (problem !== null) context.addIssue({ code: 'custom', path: ['token_limits', key], message: problem });
    if (asset !== null) seen.add(asset);
  }
}

/**
 * Rules of a SPENDING_LIMIT policy (04 §11, 00 §3). The amounts are base units of the native asset of `chain`; further
 * assets have entries of their own in `token_limits`, keyed by asset id or by a mint of the same chain. An asset without
 * limits needs an approval. All bounds are inclusive. Unknown keys are refused, and so is a second entry for an asset.
 */
export const spendingLimitRulesSchema = z
  .strictObject({
    chain: chainSchema.default('solana'),
    ...amounts,
    /** How caps look back: over the last 24 hours and 7 days, or over the UTC day and the week from Monday. */
    window: z.enum(['rolling', 'calendar']).default('rolling'),
    delay_seconds: z.int().min(DELAY_SECONDS_MIN).max(2_592_000).optional(),
    approval_timeout: z.int().min(APPROVAL_TIMEOUT_MIN).max(APPROVAL_TIMEOUT_MAX).optional(),
    /**
     * A payment above this many thousandths of what the agent holds of the asset, and has not promised to another payment,
     * needs an approval. So does one whose asset's balance is unknown. Holds for every asset that has limits here.
     */
    max_balance_share: z.int().min(1).max(1000).optional(),
    token_limits: z.record(z.string().min(1).max(128), assetLimitsSchema).optional(),
  })
  .superRefine(ordered)
  .superRefine(oneEntryPerAsset);
/** Rules of a SPENDING_LIMIT policy. */
export type SpendingLimitRules = z.infer<typeof spendingLimitRulesSchema>;

/** Names of the ready-made limits (00 §3). */
export const POLICY_PRESETS = ['conservative', 'standard'] as const;
/** Name of ready-made limits. */
export type PolicyPreset = (typeof POLICY_PRESETS)[number];

const PRESETS: Readonly<Record<PolicyPreset, { tiers: readonly [string, string, string]; delay_seconds: number }>> = {
  conservative: { tiers: ['0.1', '1', '10'], delay_seconds: 900 },
  standard: { tiers: ['1', '10', '50'], delay_seconds: 300 },
};

/**
 * Ready-made limits for a chain and, with the same figures in whole units, for the native assets of all others (00 §3).
 * @example presetRules('conservative', 'solana').instant_max // "100000000"
 */
export function presetRules(preset: PolicyPreset, chain: Chain): SpendingLimitRules {
  const { tiers, delay_seconds } = PRESETS[preset];
  const [instant, notify, delay] = tiers;
  const amountsOf = (of: Chain) => {
    const units = (whole: string): string => parseUnits(whole, nativeAsset(of).decimals).toString();
    return { instant_max: units(instant), notify_max: units(notify), delay_max: units(delay) };
  };
  const others = chainSchema.options.filter((other) => other !== chain);
  return spendingLimitRulesSchema.parse({
    chain,
    ...amountsOf(chain),
    delay_seconds,
    approval_timeout: 3600,
    token_limits: Object.fromEntries(others.map((other) => [`${other}:native`, amountsOf(other)])),
  });
}
