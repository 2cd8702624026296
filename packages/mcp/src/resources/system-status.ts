import { healthResponseSchema } from '@waiaas/core';
import { ToolError } from '../answer.ts';
import type { Resource } from './resource.ts';

const TIMEOUT_MS = 30_000;

/** How the daemon is. Needs no session. */
export const systemStatus: Resource = {
  name: 'system-status',
  title: 'State of the wallet daemon',
  uri: 'waiaas://system/status',
  description:
    'Whether the daemon works: healthy, degraded (a chain cannot be reached) or unhealthy; its version, uptime in seconds and kill switch.',
  async read({ session, signal }) {
    let response: Response;
    try {
      response = await fetch(`${session.baseUrl}/health`, {
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
    } catch {
      // What fetch throws may quote anything; that there was no answer is all there is to say.
      throw new ToolError({
        error: true,
        code: 'NETWORK_ERROR',
        message: `No answer from ${session.baseUrl}.`,
        retryable: true,
        hint: 'Check that the daemon runs ("waiaas status").',
      });
    }
    if (!response.ok) return { status: 'error', message: `HTTP ${response.status}` };
    const health = healthResponseSchema.safeParse(await response.json().catch(() => null));
    return health.success ? health.data : { status: 'error', message: 'The answer is not one of the daemon' };
  },
};
