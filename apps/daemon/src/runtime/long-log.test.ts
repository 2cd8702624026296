import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentId, systemClock } from '@waiaas/core';
import { createKeystore } from '@waiaas/keystore';
import { type AuditRow, auditLink, insertAgent, openStorage } from '@waiaas/storage';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../config/index.ts';
import { createLogger } from '../logging/index.ts';
import { argon2Of, initialise } from './initialise.ts';
import { startDaemon } from './start-daemon.ts';

/* A log of years must not make a start long. Rows that are not to be read are on pages here that cannot be: whatever reads one of
   them, a look-up as much as a scan, fails with an image that is malformed. */

const PASSWORD = 'Canary-Master-Password-71';
const AGENT = agentId('00000000-0000-7000-8000-000000000001');
/** Rows of the log, and how many of them a start may read. */
const [ROWS, MOST] = [100_000, 2000];

let folder: string;
let dataDir: string;
const database = () => join(dataDir, 'data', 'waiaas.db');
const logFile = () => join(dataDir, 'logs', 'daemon.log');
const config = () => loadConfig({ dataDir, env: {}, flags: {} }).config;

/** Changes the file of a daemon that is stopped, past its guards. */
function edit<T>(change: (raw: BetterSqlite3.Database) => T): T {
  const raw = new BetterSqlite3(database());
  try {
    return change(raw);
  } finally {
    raw.close();
  }
}

async function start() {
  return startDaemon({
    dataDir,
    config: config(),
    port: 0,
    password: async () => PASSWORD,
    logger: createLogger({
      file: logFile(),
      level: 'info',
      rotation: { maxBytes: 10_000_000, maxFiles: 2 },
      secrets: [],
    }),
    onStep: () => undefined,
    // Only what a start and a stop do.
    wrap: { workerInterval: () => 86_400_000 },
  });
}

/** Appends rows as a daemon does that many have knocked at, linked to each other. */
function lengthen(raw: BetterSqlite3.Database): void {
  const last = raw.prepare<[], AuditRow>('SELECT * FROM audit_log ORDER BY id DESC LIMIT 1').get();
  if (last === undefined) throw new Error('The log of a daemon has rows');
  const names = Object.keys(last);
  const insert = raw.prepare(
    `INSERT INTO audit_log (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`,
  );
  let { id, hash } = last;
  const knock = { ...last, event_type: 'AUTH_FAILED', agent_id: null, details: '{}', severity: 'warning' as const };
  raw.transaction(() => {
    while (id < ROWS) {
      id += 1;
      const row = { ...knock, id };
      hash = auditLink(hash, row);
      insert.run({ ...row, hash });
    }
  })();
}

/** Makes every page of the log unreadable, but the last ones that hold fewer rows than may be read. Answers how many rows those hold. */
function spoilOldRows(): number {
  const { pages, size } = edit((raw) => ({
    pages: raw
      .prepare<[], { pageno: number; ncell: number }>(
        "SELECT pageno, ncell FROM dbstat WHERE name = 'audit_log' AND pagetype = 'leaf' ORDER BY path DESC",
      )
      .all(),
    size: Number(raw.pragma('page_size', { simple: true })),
  }));
  const file = openSync(database(), 'r+');
  let kept = 0;
  for (const { pageno, ncell } of pages) {
    if (kept + ncell < MOST) kept += ncell;
    else writeSync(file, Buffer.alloc(size, 0xff), 0, size, (pageno - 1) * size);
  }
  closeSync(file);
  return kept;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waiaas-long-log-'));
  dataDir = join(folder, 'first');
  for (const name of ['', 'data', 'keystore', 'logs', 'backups']) mkdirSync(join(dataDir, name), { mode: 0o700 });
  const text = `[keystore]\nargon2_memory = 32768\nargon2_time = 1\nargon2_parallelism = 1\n[security]\njwt_secret = "${'s'.repeat(64)}"\n`;
  writeFileSync(join(dataDir, 'config.toml'), text, { mode: 0o600 });
  const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  await initialise(dataDir, config(), PASSWORD, { logger });
  const { keystore } = createKeystore({
    ...{ directory: join(dataDir, 'keystore'), clock: systemClock, logger },
    argon2: argon2Of(config()),
  });
  await keystore.unlock(PASSWORD);
  const backupFolder = join(dataDir, 'backups');
  const storage = openStorage({ path: database(), backupFolder, clock: systemClock, sealer: keystore.sealer });
  await storage.write(({ db }) =>
    insertAgent(db, {
      ...{ id: AGENT, name: 'a', chain: 'solana', network: 'localnet', public_key: 'key', status: 'ACTIVE' },
      ...{ owner_address: null, created_at: 1, updated_at: 1, suspended_at: null, suspension_reason: null },
    }),
  );
  await storage.close();
  keystore.lock();
  edit(lengthen);
  // This one reads all of it: nobody has put the rows under a seal yet.
  const first = await start();
  expect(await first.stop('HOST')).toBe(0);
}, 60_000);
beforeEach(() => {
  dataDir = mkdtempSync(join(folder, 'copy-'));
  cpSync(join(folder, 'first'), dataDir, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(`a start after a stop reads fewer than ${MOST} of ${ROWS} rows, also with a head that cannot be believed`, async () => {
  expect(edit((raw) => raw.prepare('SELECT count(*) FROM audit_log').pluck().get())).toBeGreaterThan(ROWS);
  edit((raw) =>
    raw.prepare("UPDATE heads SET version = version + 1, seal = 'x', audit_id = 1 WHERE scope = ?").run(AGENT),
  );
  expect(spoilOldRows()).toBeGreaterThan(MOST / 2);
  for (const _ of ['once', 'and again']) {
    const daemon = await start();
    expect(daemon.describe().killSwitch).toBe('NORMAL');
    expect(await daemon.stop('HOST')).toBe(0);
  }
  expect(readFileSync(logFile(), 'utf8')).not.toContain('malformed');
  const told = edit((raw) =>
    raw
      .prepare(
        `SELECT event_type AS event, agent_id AS agent, details ->> 'what' AS what FROM audit_log
         WHERE id > ? AND severity = 'critical' AND event_type <> 'NOTIFICATION_ALL_FAILED' ORDER BY id`,
      )
      .all(ROWS),
  );
  // Once in each run, also where the log is read no further back than the head that is meant.
  const inEach = ['head', 'spend_ledger'].map((what) => ({ event: 'SEAL_BROKEN', agent: AGENT, what }));
  expect(told).toEqual([...inEach, ...inEach]);
});

test.each([
  [
    'the kill switch was last known not to be engaged',
    "DELETE FROM system_state WHERE key = 'kill_switch_normal_mark'",
  ],
  [
    'all heads were sealed anew',
    "UPDATE heads SET version = version + 1, seal = 'x', audit_id = 1 WHERE scope = 'global'",
  ],
])('a start reads all where no seal says when %s', async (_what, statement) => {
  edit((raw) => raw.exec(statement));
  spoilOldRows();
  await expect(start()).rejects.toMatchObject({ message: expect.stringMatching(/malformed|database/) });
});
