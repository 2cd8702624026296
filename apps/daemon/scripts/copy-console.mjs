import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The built console ships inside this package: whoever installs the daemon has it, with nothing else to install. */
const of = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = of('../dist/console');
rmSync(target, { recursive: true, force: true });
cpSync(of('../../console/dist'), target, { recursive: true });
