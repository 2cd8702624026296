import {
  AUTO_STOP_CONFIGS,
  type AutoStopRule,
  type AutoStopRuleInput,
  type AutoStopRuleListResponse,
  type AutoStopRuleUpdate,
  autoStopActionSchema,
  autoStopRuleTypeSchema,
  type Clock,
  canonicalJson,
  type IdGenerator,
  isoFromSeconds,
  type NotificationEvent,
  type NotificationEventOf,
  type RowSealer,
  unixSeconds,
  validationError,
  WaiaasError,
} from '@waiaas/core';
import { actorName, auditOrigin, confirmOrigin, type RequestOrigin, refuseWhileLocked } from '@waiaas/management';
import {
  type AutoStopRuleRow,
  appendAudit,
  type Db,
  deleteAutoStopRule,
  findAgent,
  findAutoStopRule,
  hasAutoStopHead,
  listAudit,
  loadAutoStopRules,
  type Storage,
  storeAutoStopRule,
  writeState,
} from '@waiaas/storage';
import { DEFAULT_RULES, storedConfig } from './rules.ts';

/** What the management of rules works with. */
export interface AutoStopRulesDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

/** Creating, changing and removing auto-stop rules (05 §4.8). Reading them needs the vault, because they are sealed. */
export interface AutoStopRules {
  list(): Promise<AutoStopRuleListResponse>;
  /** @throws WaiaasError AGENT_NOT_FOUND, POLICY_DENIED when somebody else has changed the rules, SYSTEM_LOCKED */
  create(input: AutoStopRuleInput, origin: RequestOrigin): Promise<AutoStopRule>;
  /** @throws WaiaasError AUTO_STOP_RULE_NOT_FOUND, VALIDATION_ERROR, and as `create` */
  update(id: string, change: AutoStopRuleUpdate, origin: RequestOrigin): Promise<AutoStopRule>;
  /** @throws WaiaasError AUTO_STOP_RULE_NOT_FOUND, and as `create` */
  remove(id: string, origin: RequestOrigin): Promise<void>;
}

const STOPS_EVERYTHING =
  'This rule engages the kill switch: one agent that misbehaves on purpose can stop all the others with it.';

const text = (value: object): string => canonicalJson(JSON.parse(JSON.stringify(value)));

const toRule = (row: AutoStopRuleRow): AutoStopRule => {
  const config = storedConfig(row);
  return {
    id: row.id,
    version: row.version,
    agentId: row.agent_id,
    type: row.type,
    config: typeof config === 'object' && config !== null ? { ...config } : {},
    action: row.action,
    enabled: row.enabled === 1,
    createdAt: isoFromSeconds(row.created_at),
    updatedAt: isoFromSeconds(row.updated_at),
    ...(row.action === 'KILL_SWITCH' && row.enabled === 1 ? { warning: STOPS_EVERYTHING } : {}),
  };
};

/** What the owner is told of a change. */
const changed = (
  change: NotificationEventOf<'AUTO_STOP_RULE_CHANGED'>['change'],
  row: AutoStopRuleRow,
  origin: RequestOrigin,
): NotificationEvent => ({
  event: 'AUTO_STOP_RULE_CHANGED',
  change,
  ruleId: row.id,
  ruleType: autoStopRuleTypeSchema.parse(row.type),
  agentId: row.agent_id,
  action: autoStopActionSchema.parse(row.action),
  enabled: row.enabled === 1,
  by: actorName(origin),
});

/**
 * Gives a database its first rules, once: a new one, and one from before there were rules.
 *
 * @param consecutiveFailures threshold of the first rule, as configured; the stored rule counts from then on
 */
export async function seedAutoStopRules(
  { storage, sealer, clock, ids }: AutoStopRulesDependencies,
  consecutiveFailures: number,
): Promise<void> {
  await storage.write(async ({ db }) => {
    if (await hasAutoStopHead(db)) return;
    const now = unixSeconds(clock);
    // What happened before there were rules is none of theirs.
    const [last] = await listAudit(db, { order: 'desc', limit: 1 });
    await writeState(db, 'auto_stop_cursor', last?.id ?? 0, now);
    for (const rule of DEFAULT_RULES) {
      const config = rule.type === 'CONSECUTIVE_FAILURES' ? { threshold: consecutiveFailures } : rule.config;
      const fields = { id: ids.next(), agentId: null, type: rule.type, config: text(config), enabled: true };
      const row = await storeAutoStopRule(db, sealer, { ...fields, action: 'SUSPEND_AGENT' }, now);
      const details = { ruleId: row.id, version: row.version, type: row.type, config, action: row.action };
      await appendAudit(db, now, { event: 'AUTO_STOP_RULE_CREATED', actor: 'system', severity: 'info', details });
    }
  });
}

/** Builds the management of rules. */
export function createAutoStopRules(dependencies: AutoStopRulesDependencies): AutoStopRules {
  const { storage, sealer, clock, ids } = dependencies;

  /** Whoever asks may change rules, and they are what this daemon has written: a change would seal what is there. */
  async function confirm(db: Db, origin: RequestOrigin): Promise<void> {
    await refuseWhileLocked(db);
    await confirmOrigin(db, sealer, origin);
    if ((await loadAutoStopRules(db, sealer)).authentic) return;
    throw new WaiaasError('POLICY_DENIED', {
      message: 'The stored auto-stop rules were not written by this daemon; they cannot be changed.',
      details: { reason: 'AUTO_STOP_NOT_AUTHENTIC' },
      hint: 'Restore the database from a backup; see the audit log.',
    });
  }

  async function present(db: Db, id: string): Promise<AutoStopRuleRow> {
    const row = await findAutoStopRule(db, id);
    if (row === undefined) throw new WaiaasError('AUTO_STOP_RULE_NOT_FOUND', { details: { ruleId: id } });
    return row;
  }

  const detailsOf = (row: AutoStopRuleRow) => ({
    ruleId: row.id,
    version: row.version,
    type: row.type,
    config: row.config,
    action: row.action,
    enabled: row.enabled === 1,
  });

  return {
    async list() {
      const { rules, authentic } = await loadAutoStopRules(storage.read, sealer);
      return { rules: rules.map(toRule), authentic };
    },

    create: (input, origin) =>
      storage.write(async ({ db, notify }) => {
        await confirm(db, origin);
        const { agentId, type, action, enabled } = input;
        if (agentId !== null && (await findAgent(db, agentId)) === undefined) {
          throw new WaiaasError('AGENT_NOT_FOUND', { details: { agentId } });
        }
        const now = unixSeconds(clock);
        const fields = { id: ids.next(), agentId, type, config: text(input.config), action, enabled };
        const row = await storeAutoStopRule(db, sealer, fields, now);
        const about = agentId === null ? {} : { agentId };
        const details = detailsOf(row);
        await appendAudit(db, now, { event: 'AUTO_STOP_RULE_CREATED', ...auditOrigin(origin), ...about, details });
        await notify(changed('created', row, origin));
        return toRule(row);
      }),

    update: (id, change, origin) =>
      storage.write(async ({ db, notify }) => {
        await confirm(db, origin);
        const before = await present(db, id);
        const type = autoStopRuleTypeSchema.parse(before.type);
        const config = change.config === undefined ? null : AUTO_STOP_CONFIGS[type].safeParse(change.config);
        if (config !== null && !config.success) {
          throw validationError(
            config.error.issues.map(({ path, code, message }) => ({
              path: ['config', ...path].join('.'),
              code: code ?? 'custom',
              message,
            })),
          );
        }
        const now = unixSeconds(clock);
        const fields = {
          id,
          agentId: before.agent_id,
          type,
          config: config === null ? before.config : text(config.data),
          action: change.action ?? before.action,
          enabled: change.enabled ?? before.enabled === 1,
        };
        const row = await storeAutoStopRule(db, sealer, fields, now);
        const about = row.agent_id === null ? {} : { agentId: row.agent_id };
        const details = detailsOf(row);
        await appendAudit(db, now, { event: 'AUTO_STOP_RULE_UPDATED', ...auditOrigin(origin), ...about, details });
        await notify(changed('updated', row, origin));
        return toRule(row);
      }),

    remove: (id, origin) =>
      storage.write(async ({ db, notify }) => {
        await confirm(db, origin);
        const row = await present(db, id);
        await deleteAutoStopRule(db, sealer, id);
        const about = row.agent_id === null ? {} : { agentId: row.agent_id };
        const details = detailsOf(row);
        await appendAudit(db, unixSeconds(clock), {
          event: 'AUTO_STOP_RULE_DELETED',
          ...auditOrigin(origin),
          ...about,
          details,
        });
        await notify(changed('deleted', row, origin));
      }),
  };
}
