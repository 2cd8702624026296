import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What runs real processes goes first, and what takes minutes before that: a long file that starts last leaves one of two
 * cores idle. All others come as vitest would have them.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a.moduleId) - rank(b.moduleId));
  }
}

const ORDER = [
  '/crash-matrix.test.ts',
  '/simulator/',
  '/pipeline/src/caps.prop.test.ts',
  '/evaluate.prop.test.ts',
  '/pipeline.crash.test.ts',
  '/tooling/chaos/',
  '/apps/',
];

function rank(file: string): number {
  const found = ORDER.findIndex((part) => file.includes(part));
  return found === -1 ? ORDER.length : found;
}
