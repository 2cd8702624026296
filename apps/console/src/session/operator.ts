import { WAIaaSOperatorClient } from '@waiaas/sdk';
import { createReadingFetch } from './reading-fetch.ts';

/**
 * Makes the client that everything here reads with, and the operator acts with. It waits no longer for a read than that may take,
 * and asks for it once: it is asked for again where that can be told; see query-client.
 */
export const createOperator = (baseUrl: string, fetch: typeof globalThis.fetch): WAIaaSOperatorClient =>
  new WAIaaSOperatorClient({ baseUrl, fetch: createReadingFetch(fetch), retry: { maxRetries: 0 } });
