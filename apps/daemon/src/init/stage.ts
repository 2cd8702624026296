import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@waiaas/core';
import { ensurePrivateDirectory, syncDirectory } from '../data-dir/index.ts';
import { unlessMissing } from '../system-error.ts';

/*
 * A data directory may be the root of a mounted volume, so it cannot be made elsewhere and renamed into place as a whole.
 * Everything is made in a stage inside it. A stage that is not finished has the name `.init-partial-…` and is thrown away
 * by whoever finds it. Its renaming to `.init-ready-…` is the moment of commitment: from then on its entries are moved up
 * one by one, config.toml last, and whoever finds it goes on with that. What an entry replaces is moved to backups, so
 * that no step destroys anything.
 */
const PARTIAL = '.init-partial-';
const READY = '.init-ready-';

const stagesOf = (dataDir: string, prefix: string): readonly string[] =>
  unlessMissing(() => readdirSync(dataDir), []).filter((name) => name.startsWith(prefix));

/** Makes an empty stage. */
export function createStage(dataDir: string): string {
  const stage = join(dataDir, `${PARTIAL}${randomBytes(6).toString('hex')}`);
  mkdirSync(stage, { mode: 0o700 });
  return stage;
}

/** Throws away a stage that is not to be used, and any that killed runs left. The caller has the lock. */
export function discardStages(dataDir: string): void {
  for (const name of stagesOf(dataDir, PARTIAL)) rmSync(join(dataDir, name), { recursive: true, force: true });
}

/** Whether an init was killed after its commitment. */
export const hasReadyStage = (dataDir: string): boolean => stagesOf(dataDir, READY).length > 0;

/**
 * Puts a finished stage into effect.
 * @returns the directory with what was replaced, or null when nothing was
 */
export function commitStage(dataDir: string, stage: string, clock: Clock): string | null {
  const stamp = new Date(clock.now()).toISOString().replace(/[:.]/g, '-');
  const ready = join(dataDir, `${READY}${stamp}`);
  renameSync(stage, ready);
  syncDirectory(dataDir);
  return applyStage(dataDir, `${READY}${stamp}`);
}

/** Goes on with the init that was killed after its commitment. The caller has the lock. */
export function finishReadyStages(dataDir: string): void {
  for (const name of stagesOf(dataDir, READY)) applyStage(dataDir, name);
}

function applyStage(dataDir: string, name: string): string | null {
  const stage = join(dataDir, name);
  const replaced = join(dataDir, 'backups', `replaced-${name.slice(READY.length)}`);
  const entries = readdirSync(stage).filter((entry) => entry !== 'config.toml');
  // config.toml is what makes a data directory initialised, so it leaves first and arrives last.
  if (entries.length > 0 || existsSync(join(stage, 'config.toml'))) setAside(dataDir, 'config.toml', replaced, stage);
  for (const entry of entries) {
    setAside(dataDir, entry, replaced, stage);
    renameSync(join(stage, entry), join(dataDir, entry));
  }
  syncDirectory(dataDir);
  unlessMissing(() => renameSync(join(stage, 'config.toml'), join(dataDir, 'config.toml')), undefined);
  rmdirSync(stage);
  syncDirectory(dataDir);
  return existsSync(replaced) ? replaced : null;
}

function setAside(dataDir: string, entry: string, replaced: string, stage: string): void {
  // Once the new config.toml has arrived there is no old one any more.
  if (!existsSync(join(stage, entry))) return;
  const target = join(dataDir, entry);
  const stats = unlessMissing(() => lstatSync(target), null);
  if (stats === null) return;
  if (stats.isDirectory() && readdirSync(target).length === 0) {
    rmdirSync(target);
    return;
  }
  ensurePrivateDirectory(join(dataDir, 'backups'));
  ensurePrivateDirectory(replaced);
  renameSync(target, join(replaced, entry));
}
