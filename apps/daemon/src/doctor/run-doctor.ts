import { existsSync } from 'node:fs';
import { type Clock, type Logger, systemClock } from '@waiaas/core';
import { createKeystore, KeystoreError } from '@waiaas/keystore';
import {
  type AgentRow,
  checkSpendLedger,
  examineDatabase,
  listAgents,
  openForReading,
  type ReadingStorage,
  readState,
} from '@waiaas/storage';
import { listBackups } from '../backup/backup-files.ts';
import type { VerifyDataDir } from '../cli/commands/audit.ts';
import { type Config, ConfigError, loadConfig } from '../config/index.ts';
import { DataDirError, databasePath, dataPaths, verifyDataDir } from '../data-dir/index.ts';
import { findDaemon } from '../instance/index.ts';
import { instanceFiles } from '../lifecycle/index.ts';
import { createAdapterRegistry } from '../runtime/adapter-registry.ts';
import { argon2Of, databaseSettings } from '../runtime/initialise.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import { checkMachine } from './machine.ts';

/** What is to be looked at. */
export interface DoctorOptions {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** With it seals are checked, too. */
  readonly password: string | null;
  /** Leaves the chains out. */
  readonly offline: boolean;
  /** Checks the audit log; see `waiaas audit verify`. */
  readonly verifyAudit: VerifyDataDir;
  /** Told what is being looked at. */
  readonly onStep: (text: string) => void;
}

/** Looks everything over; see `runDoctor`. */
export type RunDoctor = (options: DoctorOptions) => Promise<readonly Finding[]>;

const DAY_MS = 86_400_000;
/** A backup that is older than this does not know of much. */
const BACKUP_AGE_MS = 30 * DAY_MS;

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * Looks over a data directory and its surroundings, with or without a daemon on it, and changes nothing. Every check says
 * what it found; one that goes wrong does not keep the others from being made.
 */
export const runDoctor: RunDoctor = async (options) => {
  const { dataDir, env } = options;
  if (!existsSync(dataPaths(dataDir).config)) {
    return [
      failure('directory', `${dataDir} is not initialised`, 'Run "waiaas init", or name another with --data-dir.'),
    ];
  }
  const findings: Finding[] = [...checkMachine(dataDir), ...directory(dataDir)];
  let config: Config;
  try {
    const loaded = loadConfig({ dataDir, env });
    config = loaded.config;
    findings.push(
      ...loaded.warnings.map((text) => warning('settings', text, 'See the comments in config.toml.')),
      ok('settings', 'config.toml and the environment are valid'),
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...findings, failure('settings', error.message, 'Correct it; everything else depends on the settings.')];
  }
  findings.push(daemon(dataDir, config), ...(await checkData(options, config)), backup(options));
  return findings;
};

function directory(dataDir: string): readonly Finding[] {
  const check = 'directory';
  try {
    const exposed = verifyDataDir(dataDir, { repair: false });
    if (exposed.length === 0) return [ok(check, `${dataDir} is private`)];
    return exposed.map((text) => warning(check, text, 'The next start of the daemon takes such rights away.'));
  } catch (error) {
    if (!(error instanceof DataDirError)) throw error;
    return [failure(check, error.message, 'A link could lead keys elsewhere.')];
  }
}

function daemon(dataDir: string, config: Config): Finding {
  const state = findDaemon(instanceFiles(dataDir, config));
  if (state.state === 'running') return ok('daemon', `running (PID ${state.pid})`);
  if (state.state === 'stale') {
    return warning(
      'daemon',
      'it ended without removing its PID file',
      'Look at the end of its log before you start it.',
    );
  }
  return ok('daemon', 'not running');
}

async function checkData(options: DoctorOptions, config: Config): Promise<readonly Finding[]> {
  const path = databasePath(options.dataDir, config);
  const settings = databaseSettings(config);
  let storage: ReadingStorage;
  try {
    options.onStep('Reading the database');
    const { schemaVersion, newestSchema, damage } = examineDatabase(path, settings);
    if (damage.length > 0) {
      const hint = 'Stop the daemon and put a backup back: "waiaas backup restore".';
      return damage.map((text) => failure('database', text, hint));
    }
    if (schemaVersion !== newestSchema) {
      const text = `it has schema ${schemaVersion}, and this version works with ${newestSchema}`;
      return [
        schemaVersion < newestSchema
          ? warning('database', text, 'The next start of the daemon brings it up to date.')
          : failure('database', text, 'Use the newer version that wrote it.'),
      ];
    }
    storage = openForReading({ path, settings });
  } catch (error) {
    return [failure('database', messageOf(error), 'Put a backup back: "waiaas backup restore".')];
  }
  try {
    const agents = await listAgents(storage.read);
    return [
      ok('database', 'whole, with the schema of this version'),
      ...(await ledger(options, storage)),
      await killSwitch(storage),
      ...(await keys(options, config, agents)),
      await audit(options),
      ...(await chains(options, config, storage, agents)),
    ];
  } finally {
    storage.close();
  }
}

async function ledger({ onStep }: DoctorOptions, storage: ReadingStorage): Promise<readonly Finding[]> {
  onStep('Adding up what was spent');
  const faults = await checkSpendLedger(storage.read);
  if (faults.length === 0) return [ok('spending', 'what was spent adds up')];
  const hint = 'Somebody changed the database, or it is damaged: suspend the agents and look at the audit log.';
  return [failure('spending', `${faults.length} totals of what was spent do not add up`, hint)];
}

async function killSwitch(storage: ReadingStorage): Promise<Finding> {
  const status = await readState(storage.read, 'kill_switch_status');
  if (status === 'NORMAL') return ok('kill switch', 'not engaged');
  return warning('kill switch', `${String(status)}: nothing is signed`, 'Recover once you know why it was engaged.');
}

async function keys(
  { dataDir, onStep }: DoctorOptions,
  config: Config,
  agents: readonly AgentRow[],
): Promise<readonly Finding[]> {
  onStep('Reading the keystore');
  const check = 'keys';
  const { keystore } = createKeystore({
    directory: dataPaths(dataDir).keystore,
    clock: systemClock,
    logger: silent,
    argon2: argon2Of(config),
  });
  const hint = 'Put the keystore folder of a backup back.';
  try {
    if (!(await keystore.isInitialised())) return [failure(check, 'there is no vault', hint)];
    const files = new Map((await keystore.listKeyFiles()).map((file) => [file.agentId as string, file]));
    const findings: Finding[] = [];
    for (const agent of agents.filter(({ status }) => status !== 'TERMINATED')) {
      const file = files.get(agent.id);
      if (file === undefined) findings.push(failure(check, `agent ${agent.id} has no key`, hint));
      else if (file.publicKey !== agent.public_key) {
        findings.push(failure(check, `the key of agent ${agent.id} is of another wallet`, hint));
      }
      files.delete(agent.id);
    }
    for (const id of files.keys()) {
      findings.push(warning(check, `the key ${id} belongs to no agent`, 'Keep it: somebody may have paid to it.'));
    }
    return findings.length > 0 ? findings : [ok(check, `a vault, and a key for each of ${agents.length} agents`)];
  } catch (error) {
    if (!(error instanceof KeystoreError)) throw error;
    return [failure(check, error.message, hint)];
  }
}

async function audit({ dataDir, env, password, verifyAudit, onStep }: DoctorOptions): Promise<Finding> {
  try {
    const { intact, rows, faults } = await verifyAudit({ dataDir, env, password, anchorFile: undefined, onStep });
    const how = password === null ? ' (seals not checked: no password)' : '';
    if (intact) return ok('audit log', `${rows} rows, intact${how}`);
    return failure('audit log', `${faults} faults${how}`, 'See "waiaas audit verify".');
  } catch (error) {
    return failure('audit log', messageOf(error), 'See "waiaas audit verify".');
  }
}

async function chains(
  { clock, offline, onStep }: DoctorOptions,
  config: Config,
  storage: ReadingStorage,
  agents: readonly AgentRow[],
): Promise<readonly Finding[]> {
  const used = new Map(agents.map(({ chain, network }) => [`${chain} ${network}`, { chain, network }]));
  if (used.size === 0) return [skipped('chains', 'there are no agents')];
  if (offline) return [skipped('chains', 'not asked (--offline)')];
  onStep('Asking the chains');
  const registry = createAdapterRegistry({ config, clock, logger: silent, storage });
  try {
    const status = await registry.connect([...used.values()]);
    return [...used].map(([name, { chain, network }]) => {
      const found = status.find((adapter) => adapter.chain === chain && adapter.network === network);
      if (found?.healthy === true) return ok('chains', `${name} answers`);
      const hint = `Check [rpc.${chain}] in config.toml; payments there are refused until it answers.`;
      return failure(
        'chains',
        `${name} ${found === undefined ? 'has no endpoint' : 'does not answer as it should'}`,
        hint,
      );
    });
  } finally {
    await registry.disconnect();
  }
}

function backup({ dataDir, clock }: DoctorOptions): Finding {
  const [newest] = listBackups(dataPaths(dataDir).backups);
  const hint = 'Make one with "waiaas backup create", and keep a copy on another machine.';
  if (newest === undefined) return warning('backup', 'there is none in backups/', hint);
  const text = `the newest in backups/ is of ${newest.createdAt}`;
  return clock.now() - Date.parse(newest.createdAt) > BACKUP_AGE_MS
    ? warning('backup', text, hint)
    : ok('backup', text);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
