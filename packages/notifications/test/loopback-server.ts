import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A request that a server has seen. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What a server answers. `never`: it takes the request and says nothing, until the connection is closed. */
export type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | object }
  | 'never'
  | 'hang up'
  | 'garbage';

/** A real HTTP server on a port of its own. */
export interface LoopbackServer {
  readonly url: string;
  readonly port: number;
  readonly seen: SeenRequest[];
  /** Answers in place of the server's own, one after the other. */
  readonly script: Answer[];
  /** Resolves when so many requests have been seen in all. */
  reached(count: number): Promise<void>;
  close(): Promise<void>;
}

function reply(response: ServerResponse, answer: Answer): void {
  if (answer === 'never') return;
  if (answer === 'hang up') return void response.destroy();
  if (answer === 'garbage') return void response.socket?.end('\0\x01 this is not HTTP\r\n\r\n');
  const { status, headers = {}, body = '' } = answer;
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers });
  response.end(isText ? body : JSON.stringify(body));
}

/** Starts a server that answers by a function unless its script says otherwise. */
export async function startServer(
  answer: (request: SeenRequest) => Answer | Promise<Answer> = () => ({ status: 200 }),
): Promise<LoopbackServer> {
  const seen: SeenRequest[] = [];
  const script: Answer[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      seen.push(request);
      reply(response, script.shift() ?? (await answer(request)));
      for (const one of waiting.filter(({ count }) => count <= seen.length)) one.resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    seen,
    script,
    reached: (count) =>
      new Promise((resolve) => {
        if (seen.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
