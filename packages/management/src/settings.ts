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
import {
  appendAudit,
  type Db,
  GLOBAL_SCOPE,
  headsOf,
  readState,
  recordedSettingsVersion,
  type Storage,
  writeState,
} from '@waiaas/storage';
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
   * Takes over what is stored; needs the vault. Settings that were not written by this daemon, or that are not those which the
   * sealed head tells of, or the audit log where the head does not, do not count: then the strictest ones hold until they are
   * set anew.
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

  /** The version that was stored last; null where that cannot be told. An older head is none: the log tells of each change. */
  async function lastVersion(db: Db): Promise<number | null> {
    const head = headsOf(db).read(GLOBAL_SCOPE);
    if (head === null) return null;
    return head.marks.get('settings') ?? recordedSettingsVersion(db);
  }

  /** What is stored, where this daemon has sealed it: the last settings or earlier ones. */
  async function readSealed(db: Db) {
    const stored = storedSettingsSchema.safeParse(await readState(db, 'settings'));
    if (!stored.success) return null;
    const { version, values, seal } = stored.data;
    return sealer.verify(contentOf(version, values), seal) ? { version, values } : null;
  }

  /** The stored settings, or null where they are not the ones that were set last. */
  async function read(db: Db): Promise<{ readonly version: number; readonly values: SettingOverrides } | null> {
    const last = await lastVersion(db);
    if (last === 0 && (await readState(db, 'settings')) === undefined) return { version: 0, values: {} };
    const stored = last === null ? null : await readSealed(db);
    return stored?.version === last ? stored : null;
  }

  /** Never a version again that once was sealed, also where somebody has taken away what tells of it. */
  async function nextVersion(db: Db): Promise<number> {
    const pinned = headsOf(db).read(GLOBAL_SCOPE)?.marks.get('settings');
    const last = pinned ?? (await recordedSettingsVersion(db));
    return Math.max(last ?? 0, (await readSealed(db))?.version ?? 0) + 1;
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
      const base = configured();
      const given = {
        'notifications.enabled': [notifications?.enabled, base.notificationsEnabled],
        'notifications.minChannels': [notifications?.minChannels, base.minChannels],
        'autoStop.enabled': [autoStop?.enabled, base.autoStopEnabled],
        'server.logLevel': [server?.logLevel, base.logLevel],
      } as const;
      const named = Object.entries(given).flatMap(([setting, [value, otherwise]]) =>
        value === undefined ? [] : [{ setting, value, inForce: value ?? otherwise }],
      );
      const change = Object.fromEntries(named.map(({ setting, value }) => [setting, value]));
      // The owner is told what holds from now on, wherever it is written.
      const changes = named.map(({ setting, inForce }) => ({ setting, value: inForce }));
      const values = await storage.write(async ({ db, notify }) => {
        await refuseWhileLocked(db);
        await confirmOrigin(db, sealer, origin);
        const now = unixSeconds(clock);
        const present = await read(db);
        const version = await nextVersion(db);
        const next = settingOverridesSchema.parse(
          withoutNulls({
            ...present?.values,
            ...change,
            'notifications.offSince': offSince(
              present?.values ?? {},
              notifications?.enabled,
              base.notificationsEnabled,
              now,
            ),
          }),
        );
        const seal = sealer.seal(contentOf(version, next));
        await writeState(db, 'settings', { version, values: withoutGaps(next), seal }, now);
        // Under a head that cannot be believed nothing is paid at all, and at the next start the strictest settings hold.
        if (headsOf(db).read(GLOBAL_SCOPE) !== null) headsOf(db).edit(GLOBAL_SCOPE).marks.set('settings', version);
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
const offSince = (
  before: SettingOverrides,
  change: boolean | null | undefined,
  configured: boolean,
  now: number,
): number | undefined => {
  const were = before['notifications.enabled'] ?? configured;
  const are = change === null ? configured : (change ?? were);
  if (are) return undefined;
  return before['notifications.offSince'] ?? (change === undefined ? undefined : now);
};

const withoutNulls = (values: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
