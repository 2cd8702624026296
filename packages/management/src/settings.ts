import {
  type Clock,
  canonicalJson,
  type Logger,
  type RowSealer,
  type SealedContent,
  type SettingOverrides,
  type SettingsResponse,
  type SettingsUpdate,
  settingOverridesSchema,
  storedSettingsSchema,
  unixSeconds,
} from '@waiaas/core';
import { appendAudit, type Db, findLastAudit, readState, type Storage, writeState } from '@waiaas/storage';
import { confirmOrigin, refuseWhileLocked } from './authority.ts';
import { actorName, auditOrigin, type RequestOrigin } from './request-origin.ts';

/** What can be set while the daemon runs. */
export interface RuntimeSettings {
  readonly notificationsEnabled: boolean;
  readonly minChannels: number;
  readonly autoStopEnabled: boolean;
  readonly logLevel: SettingsResponse['server']['logLevel'];
}

/** More channels than anybody can have: NOTIFY and DELAY become APPROVAL. */
const STRICTEST_MIN_CHANNELS = 1000;

/** What settings work with. */
export interface SettingsDependencies {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What config.toml and the environment say; asked each time, for a reload may change it. */
  readonly configured: () => RuntimeSettings;
}

/** Settings that change while the daemon runs (06 E26, E27). */
export interface Settings {
  /** What is in force now: what was set here, and otherwise what is configured. */
  current(): RuntimeSettings;
  /** While notifications are off: since when, epoch seconds; 0 where they were never switched off here. */
  notificationsOffSince(): number;
  /** Names of what was set here. */
  changed(): readonly string[];
  /**
   * Takes over what is stored; needs the vault. Settings that were not written by this daemon, or that are older than what the
   * audit log tells of, do not count: then the strictest ones hold until they are set anew.
   */
  load(): Promise<void>;
  /** @throws WaiaasError SYSTEM_LOCKED, KEYSTORE_LOCKED, and for whoever may not */
  update(change: SettingsUpdate, origin: RequestOrigin): Promise<void>;
}

const contentOf = (version: number, values: SettingOverrides): SealedContent => ({
  kind: 'settings',
  id: 'settings',
  version,
  payload: canonicalJson(withoutGaps(values)),
});

const withoutGaps = (values: SettingOverrides) =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );

/** Builds the settings; nothing that is stored counts before `load`. */
export function createSettings(dependencies: SettingsDependencies): Settings {
  const { storage, sealer, clock, logger, configured } = dependencies;
  let overrides: SettingOverrides = {};
  let believed = true;

  function current(): RuntimeSettings {
    const base = configured();
    return {
      notificationsEnabled: believed ? (overrides['notifications.enabled'] ?? base.notificationsEnabled) : true,
      minChannels: believed ? (overrides['notifications.minChannels'] ?? base.minChannels) : STRICTEST_MIN_CHANNELS,
      autoStopEnabled: believed ? (overrides['autoStop.enabled'] ?? base.autoStopEnabled) : true,
      logLevel: overrides['server.logLevel'] ?? base.logLevel,
    };
  }

  /** The stored settings, or null where they are not the ones that were set last. */
  async function read(db: Db): Promise<{ readonly version: number; readonly values: SettingOverrides } | null> {
    const last = await findLastAudit(db, ['SETTINGS_UPDATED']);
    const recorded = last === undefined ? 0 : versionOf(last.details);
    const value = await readState(db, 'settings');
    if (value === undefined) return recorded === 0 ? { version: 0, values: {} } : null;
    const stored = storedSettingsSchema.safeParse(value);
    if (!stored.success || stored.data.version !== recorded) return null;
    const { version, values, seal } = stored.data;
    return sealer.verify(contentOf(version, values), seal) ? { version, values } : null;
  }

  return {
    current,
    notificationsOffSince: () => overrides['notifications.offSince'] ?? 0,
    changed: () =>
      Object.keys(withoutGaps(overrides))
        .filter((name) => name !== 'notifications.offSince')
        .toSorted(),

    async load() {
      const stored = await read(storage.read);
      believed = stored !== null;
      overrides = stored?.values ?? {};
      if (believed) return;
      logger.error(
        {},
        'The stored settings were not written by this daemon: the strictest ones hold until they are set',
      );
      await storage.write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        await appendAudit(db, now, { event: 'SEAL_BROKEN', actor: 'system', details: { what: 'settings' } });
        await notify({ event: 'SEAL_BROKEN', what: 'settings', id: null, agentId: null });
      });
    },

    async update({ notifications, autoStop, server }, origin) {
      const given: SettingOverrides = {
        'notifications.enabled': notifications?.enabled,
        'notifications.minChannels': notifications?.minChannels,
        'autoStop.enabled': autoStop?.enabled,
        'server.logLevel': server?.logLevel,
      };
      const change = withoutGaps(given);
      const changes = Object.entries(change).map(([setting, value]) => ({ setting, value }));
      const values = await storage.write(async ({ db, notify }) => {
        await refuseWhileLocked(db);
        await confirmOrigin(db, sealer, origin);
        const now = unixSeconds(clock);
        const present = await read(db);
        const last = await findLastAudit(db, ['SETTINGS_UPDATED']);
        const version = nextAfter(last === undefined ? 0 : versionOf(last.details));
        const next = settingOverridesSchema.parse({
          ...present?.values,
          ...change,
          'notifications.offSince': offSince(present?.values ?? {}, given, now),
        });
        const seal = sealer.seal(contentOf(version, next));
        await writeState(db, 'settings', { version, values: withoutGaps(next), seal }, now);
        await appendAudit(db, now, {
          event: 'SETTINGS_UPDATED',
          ...auditOrigin(origin),
          details: { version, change, ...(present === null ? { reset: true } : {}) },
        });
        // With the change itself: whoever can silence the owner, or let agents run on, cannot do it unnoticed.
        await notify({ event: 'SETTINGS_CHANGED', changes, by: actorName(origin) });
        return next;
      });
      overrides = values;
      believed = true;
    },
  };
}

/** Since when notifications are off after a change: it stays what it was until they are on again. */
const offSince = (before: SettingOverrides, change: SettingOverrides, now: number): number | undefined => {
  if ((change['notifications.enabled'] ?? before['notifications.enabled']) !== false) return undefined;
  return before['notifications.offSince'] ?? now;
};

const nextAfter = (version: number): number => (version === NO_VERSION ? 1 : version + 1);

/** A version that no stored settings have. */
const NO_VERSION = Number.MAX_SAFE_INTEGER;

/** Version that an audit row tells of. With a row that cannot be read nothing that is stored goes. */
function versionOf(details: string): number {
  try {
    const recorded: unknown = JSON.parse(details);
    if (typeof recorded !== 'object' || recorded === null || !('version' in recorded)) return NO_VERSION;
    const { version } = recorded;
    return typeof version === 'number' && Number.isSafeInteger(version) ? version : NO_VERSION;
  } catch (error) {
    if (error instanceof SyntaxError) return NO_VERSION;
    throw error;
  }
}
