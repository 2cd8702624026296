import { type Ambient, ambientUses } from './ambient-uses.ts';
import type { SourceFile } from './source-file.ts';
import { ENVIRONMENT_FOLDERS, OWNER_SIGNING_FILE, SIGNING_FOLDER, SYSTEM_CLOCK_FILES } from './table.ts';
import type { Violation } from './violation.ts';
import { isTestFile } from './workspace.ts';

const ADVICE: Readonly<Record<Ambient, string>> = {
  environment: 'only apps/daemon reads the environment',
  clock: 'take the time from an injected clock',
  randomness: 'take randomness from an injected source',
  signing: 'only the keystore signs',
};

/** Whether a file that ships takes the environment, time, randomness and signatures from where it should. */
export function checkAmbient({ file, tree }: SourceFile): readonly Violation[] {
  return ambientUses(tree)
    .filter(({ what }) => !isAllowed(what, file))
    .map(({ what, text, line }) => ({ rule: what, file, line, message: `uses ${text}: ${ADVICE[what]}` }));
}

function isAllowed(what: Ambient, file: string): boolean {
  if (isTestFile(file)) return true;
  switch (what) {
    case 'environment':
      return ENVIRONMENT_FOLDERS.some((folder) => file.startsWith(folder));
    case 'clock':
      return !inPackageSource(file) || SYSTEM_CLOCK_FILES.includes(file);
    case 'randomness':
      return !inPackageSource(file);
    case 'signing':
      return file.startsWith('tooling/') || file.startsWith(SIGNING_FOLDER) || file === OWNER_SIGNING_FILE;
  }
}

function inPackageSource(file: string): boolean {
  return /^packages\/[^/]+\/src\//.test(file);
}
