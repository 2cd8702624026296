import { defineConfig } from 'vitest/config';
import { LongestFirst } from './vitest.sequencer.ts';
import { projects } from './vitest.workspace.ts';

export default defineConfig({
  test: {
    projects,
    // For what hangs. How fast things are is the benchmark's to say: a busy machine must not fail a test.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: more workers only make process tests wait for each other.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    // What packages have built is loaded as Node loads it, and not transformed anew.
    server: { deps: { external: [/\/(?:packages|apps|tooling)\/[^/]+\/dist\//] } },
  },
});
