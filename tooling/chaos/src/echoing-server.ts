import { once } from 'node:events';
import { createServer } from 'node:http';

/** A server that takes whatever channels send it, until it fails: then it repeats what it was told, as careless ones do. */
export interface EchoingServer {
  readonly url: string;
  fails: boolean;
  /** Requests it has failed, by their path. */
  readonly failed: readonly string[];
  close(): Promise<void>;
}

/** Starts one on a port of its own. */
export async function startEchoingServer(): Promise<EchoingServer> {
  const state = { fails: false };
  const failed: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      if (state.fails) {
        failed.push(String(request.url));
        const echo = JSON.stringify({ url: request.url, headers: request.headers, text });
        response.writeHead(500, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ ok: false, description: echo, message: echo, error: echo }));
      } else {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ ok: true, result: { id: 4242, type: 'private', message_id: 1 } }));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    failed,
    get fails() {
      return state.fails;
    },
    set fails(value) {
      state.fails = value;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
