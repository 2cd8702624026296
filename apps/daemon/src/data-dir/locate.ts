import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Where the location of the data directory may come from. */
export interface LocateOptions {
  /** `--data-dir`. */
  readonly flag?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Home directory; the user's own unless told otherwise. */
  readonly home?: string;
}

const expand = (path: string, home: string): string =>
  path === '~' ? home : path.startsWith('~/') ? join(home, path.slice(2)) : path;

/**
 * The data directory: flag, WAIAAS_DATA_DIR, $XDG_DATA_HOME/waiaas, ~/.waiaas; the first that is given (01 §1.1). A
 * leading `~` is the home directory, the result is absolute. Empty texts count as not given, and so does a relative
 * XDG_DATA_HOME, as the XDG rules have it.
 */
export function locateDataDir(options: LocateOptions): string {
  const home = options.home ?? homedir();
  const given = [options.flag, options.env.WAIAAS_DATA_DIR].find((path) => path !== undefined && path !== '');
  if (given !== undefined) return resolve(expand(given, home));
  const shared = expand(options.env.XDG_DATA_HOME ?? '', home);
  return isAbsolute(shared) ? join(shared, 'waiaas') : resolve(join(home, '.waiaas'));
}
