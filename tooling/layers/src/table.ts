/** Which packages of ours a package may import. */
export type Reach =
  /** Every package in a row further down the list below. */
  | { readonly kind: 'below' }
  /** These packages and no other. */
  | { readonly kind: 'only'; readonly folders: readonly string[] }
  /** Every package in a row further down, tools included: for tools that put whole systems together. */
  | { readonly kind: 'all' };

/** One row of the layer table. A folder that ends in `*` stands for every folder that begins so. */
export interface Layer {
  readonly folders: readonly string[];
  readonly reach: Reach;
}

/**
 * The layers, top to bottom, as docs/architecture.md draws them. Packages in one row do not import each other.
 */
export const LAYERS: readonly Layer[] = [
  { folders: ['tooling/bench', 'tooling/demo', 'tooling/chaos'], reach: { kind: 'all' } },
  { folders: ['apps/waiaas'], reach: { kind: 'below' } },
  { folders: ['apps/daemon'], reach: { kind: 'below' } },
  { folders: ['apps/console'], reach: { kind: 'only', folders: ['packages/sdk', 'packages/core'] } },
  { folders: ['packages/mcp'], reach: { kind: 'only', folders: ['packages/sdk', 'packages/core'] } },
  { folders: ['packages/sdk'], reach: { kind: 'only', folders: ['packages/core'] } },
  { folders: ['packages/api-server'], reach: { kind: 'below' } },
  { folders: ['packages/pipeline'], reach: { kind: 'below' } },
  { folders: ['packages/safety'], reach: { kind: 'below' } },
  { folders: ['packages/notifications'], reach: { kind: 'below' } },
  { folders: ['packages/management'], reach: { kind: 'below' } },
  { folders: ['packages/auth'], reach: { kind: 'below' } },
  {
    folders: ['packages/policy-engine', 'packages/keystore', 'packages/chain-adapter-*', 'packages/storage'],
    reach: { kind: 'below' },
  },
  {
    folders: ['tooling/fake-chain'],
    reach: { kind: 'only', folders: ['packages/core', 'tooling/adapter-contract'] },
  },
  { folders: ['tooling/adapter-contract'], reach: { kind: 'only', folders: ['packages/core'] } },
  { folders: ['packages/core'], reach: { kind: 'below' } },
  {
    folders: ['tooling/localnet', 'tooling/anvil', 'tooling/bootstrap', 'tooling/layers', 'tooling/tsconfig'],
    reach: { kind: 'only', folders: [] },
  },
];

/** Packages that are not named for their folder under `@waiaas/`: what people type after `npx`. */
export const OWN_NAMES: Readonly<Record<string, string>> = { 'apps/waiaas': 'waiaas' };

/** The ledgers for development and the adapters' tests: in the tests of packages and apps, never in what they ship. */
export const TEST_ONLY_FOLDERS: readonly string[] = [
  'tooling/localnet',
  'tooling/anvil',
  'tooling/fake-chain',
  'tooling/adapter-contract',
];

/**
 * The files that may read the system's clock: the daemon's, and the one of the clients, which are put together by their
 * users. Everybody else is handed a clock.
 */
export const SYSTEM_CLOCK_FILES: readonly string[] = ['packages/core/src/clock.ts', 'packages/sdk/src/runtime.ts'];

/** Where the keys of agents sign. */
export const SIGNING_FOLDER = 'packages/keystore/src/';

/** The one other file that signs: a text of an owner's, with a key file of their own, in a process that ends with it. */
export const OWNER_SIGNING_FILE = 'apps/daemon/src/cli/owner/sign-text.ts';

/** Folders whose code may read the environment of the process: those of programs. */
export const ENVIRONMENT_FOLDERS: readonly string[] = ['apps/daemon/', 'packages/mcp/bin/', 'tooling/'];

/** Packages that are published as one file with everything in it: what they import is for building, and installs nothing. */
export const BUNDLED_FOLDERS: readonly string[] = ['packages/mcp', 'apps/console'];

/** Scripts that build a package: they may import what is for building. */
export const BUILD_FOLDERS: readonly string[] = ['apps/daemon/scripts/'];

/**
 * The row a folder stands in.
 *
 * @returns the index into {@link LAYERS}, smaller is higher; undefined for a folder the table does not know
 */
export function layerOf(folder: string): number | undefined {
  const index = LAYERS.findIndex(({ folders }) => folders.some((pattern) => matches(pattern, folder)));
  return index === -1 ? undefined : index;
}

/**
 * Whether code of one package may import another.
 *
 * @param inTest whether the importing file is a test; of what ships only tests may use the ledgers for development
 * @example mayImport('packages/pipeline', 'packages/core', false) // true
 */
export function mayImport(from: string, to: string, inTest: boolean): boolean {
  const [fromLayer, toLayer] = [layerOf(from), layerOf(to)];
  if (fromLayer === undefined || toLayer === undefined) return false;
  const reach = LAYERS[fromLayer]?.reach;
  switch (reach?.kind) {
    case 'all':
      return toLayer > fromLayer;
    case 'only':
      return reach.folders.includes(to);
    case 'below':
      if (to.startsWith('tooling/')) return inTest && TEST_ONLY_FOLDERS.includes(to) && toLayer > fromLayer;
      return toLayer > fromLayer;
    case undefined:
      return false;
  }
}

function matches(pattern: string, folder: string): boolean {
  return pattern.endsWith('*') ? folder.startsWith(pattern.slice(0, -1)) : folder === pattern;
}
