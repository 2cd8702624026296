import { randomBytes } from 'node:crypto';
import { mkdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock, Logger } from '@waiaas/core';
import { type Config, configTemplate, loadConfig } from '../config/index.ts';
import type { Initialise } from '../daemon-options.ts';
import {
  dataPaths,
  ensurePrivateDirectories,
  ensurePrivateDirectory,
  verifyDataDir,
  writeFileAtomically,
} from '../data-dir/index.ts';
import { EXIT } from '../exit-codes.ts';
import { acquireLock } from '../instance/index.ts';
import { isSystemError } from '../system-error.ts';
import { guardInit } from './guard.ts';
import { InitError } from './init-error.ts';
import { commitStage, createStage, discardStages, finishReadyStages } from './stage.ts';

/** How a data directory is initialised. */
export interface InitOptions {
  readonly dataDir: string;
  readonly force: boolean;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Hears of what is weak but allowed. */
  readonly logger: Logger;
  /** Last word of the person before an existing directory is replaced; asked only with force. */
  readonly confirmReplace: () => Promise<boolean>;
  /** Asked before anything is replaced; must answer a password that satisfies the rules, or throw. */
  readonly newPassword: () => Promise<string>;
  readonly initialise: Initialise;
}

/** What was made. */
export interface InitResult {
  readonly config: Config;
  /** Where what `--force` replaced is kept; null when nothing was. */
  readonly replaced: string | null;
  readonly warnings: readonly string[];
}

/**
 * Makes a data directory ready for its first start, or leaves it as it was (01 §5.1). A run that is killed leaves nothing
 * initialised, or is finished by the next command.
 *
 * @throws InitError, ConfigError, DataDirError, or what the password and `initialise` throw
 */
export async function initDataDir(options: InitOptions): Promise<InitResult> {
  const { dataDir, force } = options;
  guardInit(dataDir, force, options.home);
  const firstMade = mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  let made = false;
  try {
    const result = await withLock(options);
    made = true;
    return result;
  } finally {
    if (!made && firstMade !== undefined) removeEmptyDirectories(dataDir, firstMade);
  }
}

async function withLock(options: InitOptions): Promise<InitResult> {
  const { dataDir, force } = options;
  const lock = acquireLock(dataPaths(dataDir).lock);
  if (lock === null) {
    throw new InitError(
      'ALREADY_RUNNING',
      EXIT.ALREADY_RUNNING,
      `A daemon, or another init, is using ${dataDir}. Stop it first: "waiaas stop".`,
    );
  }
  try {
    finishReadyStages(dataDir);
    discardStages(dataDir);
    // Again, now that nobody else can change the answer.
    guardInit(dataDir, force, options.home);
    const { config, warnings } = loadConfig({
      dataDir: join(dataDir, '.init-none'),
      env: options.env,
      secretRequired: false,
    });
    if (force && !(await options.confirmReplace()))
      throw new InitError('CANCELLED', EXIT.FAILURE, 'Nothing was changed.');
    const password = await options.newPassword();
    const replaced = await build(options, config, password);
    return { config, replaced, warnings: [...warnings, ...verifyDataDir(dataDir)] };
  } finally {
    lock.release();
  }
}

async function build(options: InitOptions, config: Config, password: string): Promise<string | null> {
  const { dataDir } = options;
  const stage = createStage(dataDir);
  try {
    ensurePrivateDirectories(stage, ['data', 'keystore']);
    await options.initialise(stage, config, password, { logger: options.logger });
    writeFileAtomically(dataPaths(stage).config, configTemplate(randomBytes(32).toString('hex')));
    verifyDataDir(stage);
  } catch (error) {
    discardStages(dataDir);
    throw error;
  }
  ensurePrivateDirectory(dataDir);
  ensurePrivateDirectories(dataDir, ['logs', 'backups']);
  return commitStage(dataDir, stage, options.clock);
}

/** Takes back the directories that were made for an init that failed, as long as nothing else is in them. */
function removeEmptyDirectories(last: string, first: string): void {
  for (let path = last; ; path = dirname(path)) {
    try {
      rmdirSync(path);
    } catch (error) {
      if (isSystemError(error)) return;
      throw error;
    }
    if (path === first || path === dirname(path)) return;
  }
}
