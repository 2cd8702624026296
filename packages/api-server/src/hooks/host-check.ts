import { WaiaasError } from '@waiaas/core';
import { perPort } from '../per-port.ts';
import type { Step } from './step.ts';

/**
 * Step 5: the Host header must be one of the daemon's own names, to the letter (06 §1.4). This is what stops pages whose
 * name was made to resolve to loopback. A request without the header, or with two, is refused.
 */
export function hostCheck(port: () => number, extraHosts: readonly string[]): Step {
  const allowed = perPort(
    port,
    (bound): ReadonlySet<string> =>
      new Set(['localhost', '127.0.0.1', `localhost:${bound}`, `127.0.0.1:${bound}`, ...extraHosts]),
  );
  return (request) => {
    const { url, headers } = request.raw;
    const host = headers.host;
    // A target such as "http://elsewhere/health" names a host of its own, and the router would look past it.
    if (url?.startsWith('/') !== true) throw new WaiaasError('INVALID_HOST');
    if (host === undefined || !allowed().has(host) || occursTwice(request.raw.rawHeaders, 'host'))
      throw new WaiaasError('INVALID_HOST');
    return undefined;
  };
}

/** Whether a header was sent more than once. Node keeps the first of some and says nothing. */
export function occursTwice(rawHeaders: readonly string[], name: string): boolean {
  let seen = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index];
    if (candidate?.length !== name.length || candidate.toLowerCase() !== name) continue;
    if (seen) return true;
    seen = true;
  }
  return false;
}
