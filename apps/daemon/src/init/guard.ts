import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join, parse } from 'node:path';
import { EXIT } from '../exit-codes.ts';
import { unlessMissing } from '../system-error.ts';
import { InitError } from './init-error.ts';

/** Entries that show that a directory is, or was, a data directory of ours. */
const MARKERS = ['config.toml', 'keystore', 'data'] as const;

const refuse = (code: string, message: string): never => {
  throw new InitError(code, EXIT.FAILURE, message);
};

const isEmpty = (path: string): boolean =>
  unlessMissing(() => readdirSync(path, { withFileTypes: true }), []).every((entry) => entry.name === 'lost+found');

/**
 * Refuses places that must not become, or be replaced as, a data directory: the root and the home directory always; an
 * initialised one unless forced; with force, a directory that is not one of ours (01 §5.1).
 *
 * @throws InitError
 */
export function guardInit(dataDir: string, force: boolean, home: string): void {
  const real = unlessMissing(() => realpathSync(dataDir), dataDir);
  if (real === parse(real).root || real === unlessMissing(() => realpathSync(home), home)) {
    refuse('UNSAFE_DATA_DIR', `${dataDir} cannot be a data directory. Choose a directory of its own.`);
  }
  if (existsSync(join(dataDir, 'config.toml')) && !force) {
    refuse(
      'ALREADY_INITIALIZED',
      `${dataDir} is initialised already. To replace it with a new, empty one, use --force: its agents and keys are no longer used then.`,
    );
  }
  const marked = MARKERS.some((entry) => existsSync(join(dataDir, entry)));
  if (force && !marked && !isEmpty(dataDir)) {
    refuse('UNSAFE_DATA_DIR', `${dataDir} holds files but is not a data directory. --force does not replace it.`);
  }
  if (!force && ['keystore', 'data'].some((entry) => !isEmpty(join(dataDir, entry)))) {
    refuse(
      'ALREADY_INITIALIZED',
      `${dataDir} holds a keystore or a database but no config.toml. Put config.toml back, or use --force to begin anew.`,
    );
  }
}
