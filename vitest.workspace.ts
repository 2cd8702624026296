import { configDefaults } from 'vitest/config';

/** Holds keys in memory of its own, of which a process has little, and measures it. */
const KEYSTORE = 'packages/keystore';

const project = (name: string, { isolate = true, except = [] }: { isolate?: boolean; except?: string[] } = {}) => ({
  extends: true as const,
  test: {
    name,
    root: '.',
    include: [`${name}/{src,test}/**/*.test.ts`],
    exclude: [...configDefaults.exclude, ...except.map((folder) => `${folder}/**`)],
    isolate,
  },
});

/**
 * The test projects, one for each part of the repository. Imported by vitest.config.ts. The packages keep no state outside of
 * what their tests make: their files share processes, which would otherwise load the same modules hundreds of times. What
 * starts daemons and looks at processes has one for each file.
 */
export const projects = [
  project('packages/*', { isolate: false, except: [KEYSTORE] }),
  project(KEYSTORE),
  project('apps/*'),
  project('tooling/*'),
];
