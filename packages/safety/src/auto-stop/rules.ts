import {
  AUTO_STOP_CONFIGS,
  type AutoStopAction,
  type AutoStopConfig,
  type AutoStopRuleType,
  autoStopActionSchema,
  autoStopRuleTypeSchema,
} from '@waiaas/core';
import type { AutoStopRuleRow } from '@waiaas/storage';

/** A rule as it is evaluated. */
export type ActiveRule = {
  readonly [Type in AutoStopRuleType]: {
    readonly id: string;
    readonly agentId: string | null;
    readonly type: Type;
    readonly config: AutoStopConfig<Type>;
    readonly action: AutoStopAction;
  };
}[AutoStopRuleType];

/** Rules of a new daemon: none of them stops everything, or a hostile agent could by failing on purpose (05 §4.4). */
export const DEFAULT_RULES = [
  { type: 'CONSECUTIVE_FAILURES', config: { threshold: 3 } },
  { type: 'DAILY_LIMIT_THRESHOLD', config: { warnPercent: 80, stopPercent: 100 } },
  { type: 'HOURLY_RATE', config: { maxTxPerHour: 50 } },
] as const;

/** What is in force beside the stored rules where those are not what this daemon has written: the rules of a new one. */
export const FALLBACK_RULES: readonly ActiveRule[] = DEFAULT_RULES.map((rule) => ({
  ...rule,
  // Events name a rule by an id; this one is none of the database.
  id: '00000000-0000-7000-8000-000000000000',
  agentId: null,
  action: 'SUSPEND_AGENT',
}));

/** What a rule is set to, as stored; undefined where somebody has left there what is no JSON. */
export function storedConfig({ config }: AutoStopRuleRow): unknown {
  try {
    return JSON.parse(config);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A stored rule, or null where it cannot be read: such a set is not in force. */
export function readRule(row: AutoStopRuleRow): ActiveRule | null {
  const type = autoStopRuleTypeSchema.safeParse(row.type);
  const action = autoStopActionSchema.safeParse(row.action);
  if (!type.success || !action.success) return null;
  const { id, agent_id: agentId } = row;
  const shared = { id, agentId, action: action.data };
  const value = storedConfig(row);
  switch (type.data) {
    case 'CONSECUTIVE_FAILURES': {
      const config = AUTO_STOP_CONFIGS.CONSECUTIVE_FAILURES.safeParse(value);
      return config.success ? { ...shared, type: type.data, config: config.data } : null;
    }
    case 'TIME_RESTRICTION': {
      const config = AUTO_STOP_CONFIGS.TIME_RESTRICTION.safeParse(value);
      return config.success ? { ...shared, type: type.data, config: config.data } : null;
    }
    case 'DAILY_LIMIT_THRESHOLD': {
      const config = AUTO_STOP_CONFIGS.DAILY_LIMIT_THRESHOLD.safeParse(value);
      return config.success ? { ...shared, type: type.data, config: config.data } : null;
    }
    case 'HOURLY_RATE': {
      const config = AUTO_STOP_CONFIGS.HOURLY_RATE.safeParse(value);
      return config.success ? { ...shared, type: type.data, config: config.data } : null;
    }
    case 'ANOMALY_PATTERN': {
      const config = AUTO_STOP_CONFIGS.ANOMALY_PATTERN.safeParse(value);
      return config.success ? { ...shared, type: type.data, config: config.data } : null;
    }
  }
}

/**
 * The rules for one agent: its own, and those for all whose type it has none of its own of (05 §4.5). A disabled rule counts
 * for nothing, and takes the place of nothing.
 */
export function rulesFor(rules: readonly ActiveRule[], agentId: string): readonly ActiveRule[] {
  const own = rules.filter((rule) => rule.agentId === agentId);
  const types = new Set(own.map(({ type }) => type));
  return [...own, ...rules.filter((rule) => rule.agentId === null && !types.has(rule.type))];
}

/** All rules that concern an agent, none in the place of another: of two of one type the stricter one fires first. */
export const allFor = (rules: readonly ActiveRule[], agentId: string): readonly ActiveRule[] =>
  rules.filter((rule) => rule.agentId === null || rule.agentId === agentId);
