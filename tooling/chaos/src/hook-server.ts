import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';

/** A delivery a webhook has taken, or is about to. */
export interface Delivery {
  readonly type: string;
  readonly id: string;
  readonly sequence: number;
  readonly title: string;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A server that webhooks are posted to. */
export interface HookServer {
  readonly url: string;
  readonly deliveries: readonly Delivery[];
  /** While true, requests are taken and not answered. */
  silent: boolean;
  /** Resolves with the first delivery that fits, past or to come. */
  next(fits: (delivery: Delivery) => boolean): Promise<Delivery>;
  close(): Promise<void>;
}

/** Starts one on a port of its own. */
export async function startHookServer(): Promise<HookServer> {
  const deliveries: Delivery[] = [];
  const waiting = new Set<() => void>();
  const held: ServerResponse[] = [];
  const state = { silent: false };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      if (request.method === 'POST') deliveries.push(JSON.parse(text));
      if (state.silent && request.method === 'POST') held.push(response);
      else response.writeHead(200).end();
      for (const wake of waiting) wake();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    deliveries,
    get silent() {
      return state.silent;
    },
    set silent(value) {
      state.silent = value;
      if (!value) for (const response of held.splice(0)) response.writeHead(200).end();
    },
    next: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = deliveries.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    async close() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
