import { QueryClient } from '@tanstack/react-query';
import { WAIaaSError } from '@waiaas/sdk';

/** Makes what remembers the answers of the daemon, and asks again only where there is a reason to. */
export const createQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        // The daemon is on this machine: whether the machine is on a network has nothing to do with it.
        networkMode: 'always',
        // Changes are told as they happen; asking again and again is not needed.
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => count < 1 && error instanceof WAIaaSError && error.retryable,
      },
    },
  });
