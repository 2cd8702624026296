import { accountMethods } from './accounts.ts';
import { blockhashMethods } from './blockhash.ts';
import { clusterMethods } from './cluster.ts';
import { historyMethods } from './history.ts';
import type { Method } from './method.ts';
import { sendMethods } from './send.ts';
import { simulateMethods } from './simulate.ts';
import { tokenMethods } from './tokens.ts';

/** Every method this node answers over HTTP. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  Object.entries({
    ...accountMethods,
    ...blockhashMethods,
    ...clusterMethods,
    ...historyMethods,
    ...sendMethods,
    ...simulateMethods,
    ...tokenMethods,
  }),
);
