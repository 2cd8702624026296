import { createRequire } from 'node:module';

/** What anvil's packages call processors and systems. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Path of anvil's program. It comes inside a package for each platform, which only the main package depends on; the
 * wrapper script of the main package is passed by, because a signal to it does not always reach the program.
 *
 * @throws Error when there is none for this machine
 */
export function anvilBinary(): string {
  const own = createRequire(import.meta.url);
  const beside = createRequire(own.resolve('@foundry-rs/anvil/package.json'));
  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  return beside.resolve(
    `@foundry-rs/anvil-${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}/bin/${name}`,
  );
}
