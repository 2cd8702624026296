import type { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';

/** The port asked for belongs to another process. */
export class PortInUseError extends Error {
  readonly port: number;

  constructor(port: number) {
    super(`port ${port} is already in use`);
    this.name = 'PortInUseError';
    this.port = port;
  }
}

interface Listening extends EventEmitter {
  address(): AddressInfo | string | null;
}

/** Waits until a server listens and returns its port. @throws PortInUseError, or the system's own error */
export function untilListening(server: Listening, wantedPort: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(wantedPort) : error);
    });
    server.once('listening', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('the server listens on no port'));
    });
  });
}
