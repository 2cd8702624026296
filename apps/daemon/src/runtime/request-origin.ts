import type { RequestContext } from '@waiaas/api-server';
import type { RequestOrigin } from '@waiaas/management';

/** Who asked, as the management wants to know it. */
export const originOf = ({ actor, ip, confirmCredential }: RequestContext): RequestOrigin => ({
  actor,
  ip,
  confirmCredential,
});
