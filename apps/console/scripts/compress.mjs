import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { constants, gzipSync } from 'node:zlib';

/** Puts a compressed file beside every file that is text, so that the daemon need not compress. */
const folder = fileURLToPath(new URL('../dist/', import.meta.url));
for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!/\.(?:js|css|html|svg|json)$/.test(path)) continue;
  const compressed = gzipSync(readFileSync(folder + path), { level: constants.Z_BEST_COMPRESSION });
  writeFileSync(`${folder}${path}.gz`, compressed);
}
