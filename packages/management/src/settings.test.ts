import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, notificationEventSchema, settingsUpdateSchema, WaiaasError } from '@waiaas/core';
import { createVirtualTime, type VirtualTime } from '@waiaas/fake-chain';
import { createKeystore, type Keystore } from '@waiaas/keystore';
import {
  beginHeads,
  GLOBAL_SCOPE,
  headsOf,
  listAudit,
  openStorage,
  readState,
  type Storage,
  writeState,
} from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RequestOrigin } from './request-origin.ts';
import { createSettings, type RuntimeSettings, type Settings } from './settings.ts';

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const OPERATOR: RequestOrigin = { actor: { kind: 'operator' }, confirmCredential: () => undefined };
const CONFIGURED: RuntimeSettings = {
  notificationsEnabled: false,
  minChannels: 2,
  autoStopEnabled: false,
  logLevel: 'info',
};

let folder: string;
let time: VirtualTime;
let storage: Storage;
let keystore: Keystore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waiaas-settings-'));
  time = createVirtualTime();
  ({ keystore } = createKeystore({
    directory: join(folder, 'keystore'),
    clock: time,
    logger: silent,
    argon2: { memoryCost: 1024, timeCost: 1, parallelism: 1 },
  }));
  storage = openStorage({
    path: join(folder, 'waiaas.db'),
    backupFolder: join(folder, 'backups'),
    clock: time,
    sealer: keystore.sealer,
  });
  await keystore.initialise('a password for tests');
  await keystore.unlock('a password for tests');
  await storage.write(async ({ db }) => {
    await beginHeads(db);
    await writeState(db, 'kill_switch_status', 'NORMAL', 0);
  });
});
afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The settings of a daemon that has just started. */
async function started(configured: RuntimeSettings = CONFIGURED): Promise<Settings> {
  const settings = createSettings({
    storage,
    sealer: keystore.sealer,
    clock: time,
    logger: silent,
    configured: () => configured,
  });
  await settings.load();
  return settings;
}

const audited = async (event: 'SETTINGS_UPDATED' | 'SEAL_BROKEN') =>
  (await listAudit(storage.read, { event, order: 'asc', limit: 100 })).map(({ actor, details }) => ({
    actor,
    details: JSON.parse(details),
  }));

test('what is set is in force at once and after a restart, over what is configured; the rest stays as configured', async () => {
  const settings = await started();
  expect(settings.current()).toEqual(CONFIGURED);
  await settings.update({ notifications: { minChannels: 4 } }, OPERATOR);
  await settings.update({ server: { logLevel: 'debug' }, autoStop: { enabled: true } }, OPERATOR);
  const expected = { ...CONFIGURED, minChannels: 4, logLevel: 'debug', autoStopEnabled: true };
  expect(settings.current()).toEqual(expected);
  const again = await started({ ...CONFIGURED, notificationsEnabled: true, minChannels: 1 });
  expect(again.current()).toEqual({ ...expected, notificationsEnabled: true });
  expect(again.changed()).toEqual(['autoStop.enabled', 'notifications.minChannels', 'server.logLevel']);
  expect(await audited('SETTINGS_UPDATED')).toEqual([
    { actor: 'operator', details: { version: 1, change: { 'notifications.minChannels': 4 } } },
    { actor: 'operator', details: { version: 2, change: { 'autoStop.enabled': true, 'server.logLevel': 'debug' } } },
  ]);
});

describe('a setting that is taken back', () => {
  test('is as configured again, whatever is configured later', async () => {
    const settings = await started();
    await settings.update(
      { notifications: { enabled: true, minChannels: 1 }, autoStop: { enabled: true }, server: { logLevel: 'debug' } },
      OPERATOR,
    );
    await settings.update({ notifications: { minChannels: null }, server: { logLevel: null } }, OPERATOR);
    const expected = { ...CONFIGURED, notificationsEnabled: true, autoStopEnabled: true };
    expect(settings.current()).toEqual(expected);
    expect(settings.changed()).toEqual(['autoStop.enabled', 'notifications.enabled']);
    const again = await started({ ...CONFIGURED, minChannels: 0, logLevel: 'warn' });
    expect(again.current()).toEqual({ ...expected, minChannels: 0, logLevel: 'warn' });
    await again.update({ notifications: { enabled: null }, autoStop: { enabled: null } }, OPERATOR);
    expect(again.changed()).toEqual([]);
    expect((await started()).current()).toEqual(CONFIGURED);
    expect((await audited('SETTINGS_UPDATED')).map(({ details }) => details.change).at(-1)).toEqual({
      'notifications.enabled': null,
      'autoStop.enabled': null,
    });
  });

  test('and so switches notifications off is told like any that does, with what was stored before', async () => {
    const settings = await started();
    await settings.update({ notifications: { enabled: true } }, OPERATOR);
    await time.advance(60_000);
    const off = Math.floor(time.now() / 1000);
    await settings.update({ notifications: { enabled: null } }, OPERATOR);
    expect(settings.current().notificationsEnabled).toBe(false);
    expect(settings.notificationsOffSince()).toBe(off);
    await time.advance(60_000);
    await settings.update({ server: { logLevel: 'warn' } }, OPERATOR);
    expect((await started()).notificationsOffSince()).toBe(off);
    const told = await storage.read.selectFrom('notification_outbox').select('payload').orderBy('seq').execute();
    expect(JSON.parse(told[1]?.payload ?? '')).toMatchObject({
      changes: [{ setting: 'notifications.enabled', value: false }],
    });
  });

  test('switches them on again where they are configured to be', async () => {
    const settings = await started({ ...CONFIGURED, notificationsEnabled: true });
    await settings.update({ notifications: { enabled: false } }, OPERATOR);
    await settings.update({ notifications: { enabled: null } }, OPERATOR);
    expect(settings.current().notificationsEnabled).toBe(true);
    expect(settings.notificationsOffSince()).toBe(0);
  });
});

describe('the owner is told', () => {
  const told = async () =>
    (
      await storage.read.selectFrom('notification_outbox').select(['payload', 'created_at']).orderBy('seq').execute()
    ).map(({ payload, created_at }) => ({ ...notificationEventSchema.parse(JSON.parse(payload)), created_at }));

  test('of what was set and by whom, in the unit of work that sets it; not of what was refused', async () => {
    const settings = await started();
    await settings.update({ notifications: { enabled: false, minChannels: 1 } }, OPERATOR);
    await settings.update({ autoStop: { enabled: false } }, OPERATOR);
    const ended: RequestOrigin = {
      actor: { kind: 'operator' },
      confirmCredential() {
        throw new WaiaasError('INVALID_OPERATOR_TOKEN');
      },
    };
    await expect(settings.update({ server: { logLevel: 'error' } }, ended)).rejects.toThrow();
    expect(await told()).toMatchObject([
      {
        event: 'SETTINGS_CHANGED',
        changes: [
          { setting: 'notifications.enabled', value: false },
          { setting: 'notifications.minChannels', value: 1 },
        ],
        by: 'operator',
      },
      { event: 'SETTINGS_CHANGED', changes: [{ setting: 'autoStop.enabled', value: false }], by: 'operator' },
    ]);
  });

  test('what was stored before notifications were switched off is told all the same, and after a restart', async () => {
    const settings = await started({ ...CONFIGURED, notificationsEnabled: true });
    expect(settings.notificationsOffSince()).toBe(0);
    const off = Math.floor(time.now() / 1000);
    await settings.update({ notifications: { enabled: false } }, OPERATOR);
    await time.advance(60_000);
    await settings.update({ notifications: { enabled: false, minChannels: 1 } }, OPERATOR);
    expect(settings.notificationsOffSince()).toBe(off);
    expect((await started()).notificationsOffSince()).toBe(off);
    expect(settings.changed()).toEqual(['notifications.enabled', 'notifications.minChannels']);
    await settings.update({ notifications: { enabled: true } }, OPERATOR);
    expect(settings.notificationsOffSince()).toBe(0);
    await time.advance(60_000);
    await settings.update({ notifications: { enabled: false } }, OPERATOR);
    expect(settings.notificationsOffSince()).toBe(off + 120);
  });
});

describe('settings that this daemon did not write last', () => {
  const edits: readonly (readonly [string, (first: unknown, last: unknown) => unknown])[] = [
    ['with another value', (_first, last) => ({ ...Object(last), values: { 'notifications.minChannels': 1 } })],
    ['with another version', (_first, last) => ({ ...Object(last), version: 1 })],
    ['of an earlier time', (first) => first],
    ['with a seal that is none', (_first, last) => ({ ...Object(last), seal: '' })],
    ['of no form', () => 'nonsense'],
    ['that are gone', () => undefined],
  ];

  test.each(edits)('%s do not count: the strictest ones hold, and it is told', async (_name, edit) => {
    const settings = await started();
    await settings.update({ notifications: { minChannels: 1 } }, OPERATOR);
    const first = await readState(storage.read, 'settings');
    await settings.update({ notifications: { minChannels: 3 } }, OPERATOR);
    const edited = edit(first, await readState(storage.read, 'settings'));
    await storage.write(async ({ db }) => {
      if (edited !== undefined) await writeState(db, 'settings', edited, 0);
      else await db.deleteFrom('system_state').where('key', '=', 'settings').execute();
    });
    const again = await started();
    expect(again.current().minChannels).toBeGreaterThan(100);
    expect(again.current().autoStopEnabled).toBe(true);
    // Whatever is configured: this very fault has to be told.
    expect(again.current().notificationsEnabled).toBe(true);
    expect(await audited('SEAL_BROKEN')).toMatchObject([{ details: { what: 'settings' } }]);
    // Whoever may set them sets them anew; nothing of what could not be believed is taken along.
    await again.update({ notifications: { enabled: true } }, OPERATOR);
    expect(again.current()).toEqual({ ...CONFIGURED, notificationsEnabled: true });
    expect((await started()).current()).toEqual({ ...CONFIGURED, notificationsEnabled: true });
    expect(await audited('SEAL_BROKEN')).toHaveLength(1);
  });
});

describe('settings whose sealed version is another one', () => {
  const edits: readonly (readonly [string, number])[] = [
    ['later: somebody has taken away what the audit log tells of it', 3],
    ['earlier: somebody has put back the head', 1],
  ];

  test.each(edits)('%s', async (_name, version) => {
    const settings = await started();
    await settings.update({ notifications: { minChannels: 1 } }, OPERATOR);
    await settings.update({ notifications: { minChannels: 2 } }, OPERATOR);
    await storage.write(async ({ db }) => void headsOf(db).edit(GLOBAL_SCOPE).marks.set('settings', version));
    const again = await started();
    expect(again.current()).toMatchObject({ notificationsEnabled: true, autoStopEnabled: true });
    expect(again.current().minChannels).toBeGreaterThan(100);
    expect(await audited('SEAL_BROKEN')).toMatchObject([{ details: { what: 'settings' } }]);
    await again.update({ notifications: { minChannels: 4 } }, OPERATOR);
    expect((await started()).current().minChannels).toBe(4);
  });
});

test('a change by whoever may not, or while everything is stopped, changes nothing', async () => {
  const settings = await started();
  const ended: RequestOrigin = {
    actor: { kind: 'operator' },
    confirmCredential() {
      throw new WaiaasError('INVALID_OPERATOR_TOKEN');
    },
  };
  const stranger: RequestOrigin = {
    actor: { kind: 'owner', chain: 'solana', address: 'x', message: 'm', signature: 's' },
    confirmCredential: () => undefined,
  };
  const change = { notifications: { minChannels: 1 } };
  await expect(settings.update(change, ended)).rejects.toMatchObject({ code: 'INVALID_OPERATOR_TOKEN' });
  await expect(settings.update(change, stranger)).rejects.toMatchObject({ code: 'OWNER_MISMATCH' });
  await storage.write(({ db }) => writeState(db, 'kill_switch_status', 'ACTIVATED', 0));
  await expect(settings.update(change, OPERATOR)).rejects.toMatchObject({ code: 'SYSTEM_LOCKED' });
  expect(settings.current()).toEqual(CONFIGURED);
  expect(await audited('SETTINGS_UPDATED')).toEqual([]);
});

test('twenty changes at once are twenty versions, and what was written last is in force', async () => {
  const settings = await started();
  const numbers = Array.from({ length: 20 }, (_, index) => (index % 5) + 1);
  await Promise.all(numbers.map((minChannels) => settings.update({ notifications: { minChannels } }, OPERATOR)));
  expect(settings.current()).toEqual((await started()).current());
  expect((await audited('SETTINGS_UPDATED')).map(({ details }) => details.version)).toEqual(
    numbers.map((_, i) => i + 1),
  );
});

test.each([
  {},
  { notifications: {} },
  { notifications: { minChannels: 0 } },
  { notifications: { minChannels: 6 } },
  { notifications: { minChannels: '3' } },
  { notifications: { channels: [] } },
  { server: { port: 1 } },
  { server: { hostname: '0.0.0.0' } },
  { server: { logLevel: 'trace' } },
  { security: { jwtSecret: 'x' } },
  { autoStop: { enabled: 'false' } },
])('%j is no change', (body) => {
  expect(settingsUpdateSchema.safeParse(body).success).toBe(false);
});
