import type { createApiServer } from '@waiaas/api-server';
import { StartFailure } from '../daemon-options.ts';

/**
 * Has the server listen.
 * @returns the port really listened on
 * @throws StartFailure PORT_IN_USE
 */
export async function listen(
  server: Awaited<ReturnType<typeof createApiServer>>,
  host: string,
  port: number,
): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new StartFailure(`Port ${port} is in use.`, {
        exitCode: 1,
        code: 'PORT_IN_USE',
        hint: 'Stop what uses it, or choose another one with --port.',
        cause: error,
      });
    }
    throw error;
  }
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
