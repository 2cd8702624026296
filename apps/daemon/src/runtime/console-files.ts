import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConsoleFile } from '@waiaas/api-server';

/** Where the build of this package puts the built console, whether the daemon runs from its sources or from its build. */
const FOLDER = new URL('../../dist/console/', import.meta.url);

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.woff2': 'font/woff2',
};

/**
 * The files of the console, by path below `/console/`; null when it was not built. What the list does not have is not
 * served, whatever is in the folder later.
 */
export function loadConsole(): ReadonlyMap<string, ConsoleFile> | null {
  const root = fileURLToPath(FOLDER);
  if (!existsSync(root)) return null;
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  const all = new Set(paths);
  return new Map(
    paths.flatMap((path): [string, ConsoleFile][] => {
      const contentType = CONTENT_TYPES[extname(path)];
      if (contentType === undefined) return [];
      const file: ConsoleFile = {
        contentType,
        isHashed: path.startsWith('assets/'),
        hasGzip: all.has(`${path}.gz`),
        read: (encoding) => readFile(new URL(encoding === 'gzip' ? `${path}.gz` : path, FOLDER)),
      };
      return [[path, file]];
    }),
  );
}
