import type { OwnerAction } from '@waiaas/core';

/** Which actions the routes take; filled while routes are declared. */
export interface OwnerRouteTable {
  add(method: string, pattern: string, actions: readonly OwnerAction[]): void;
  /**
   * Actions a signature for a request may have; none when no route takes one.
   * @param path with its query, as in the request line
   */
  actionsOf(method: string, path: string): readonly OwnerAction[];
}

/** `/v1/agents/:id/suspend` as an expression for the paths it matches. */
const expressionOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/?]+' : part.replaceAll(/[^A-Za-z0-9_-]/g, '\\$&')))
      .join('/')}$`,
  );

/** Makes an empty table. */
export function createOwnerRouteTable(): OwnerRouteTable {
  const rows: { method: string; path: RegExp; actions: readonly OwnerAction[] }[] = [];
  return {
    add: (method, pattern, actions) => void rows.push({ method, path: expressionOf(pattern), actions }),
    actionsOf(method, path) {
      const [bare = ''] = path.split('?');
      return rows.find((row) => row.method === method && row.path.test(bare))?.actions ?? [];
    },
  };
}
