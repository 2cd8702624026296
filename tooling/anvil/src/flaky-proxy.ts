import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What happens to a request. `pass`: nothing. `hang`: it is read and never answered. `drop`: the connection is cut before
 * the node sees it. `lose-answer`: the node carries it out, and then the connection is cut. `{ status }`: that HTTP
 * status. `{ answer }`: this JSON-RPC answer in place of the node's.
 */
export type ProxyMode =
  | 'pass'
  | 'hang'
  | 'drop'
  | 'lose-answer'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly answer: Readonly<Record<string, unknown>> };

/** A stretch of bad line in front of a node. */
export interface FlakyProxy {
  readonly url: string;
  /** Decides about each request by its method; may look at what came before. Default: pass. */
  decide: (method: string, params: readonly unknown[]) => ProxyMode;
  /** Changes the node's answers. */
  rewrite: (method: string, result: unknown) => unknown;
  /** Requests so far, by method. */
  readonly calls: Readonly<Record<string, number>>;
  /** Ends the proxy at once: what is under way is cut, and nobody listens any more. */
  close(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

/** Starts a proxy in front of a node: a real server on a free port that fails when it is told to. */
export async function startFlakyProxy(target: string): Promise<FlakyProxy> {
  const calls: Record<string, number> = {};
  const forward = async (body: string): Promise<string> => {
    const response = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return response.text();
  };
  const send = (response: ServerResponse, body: string): void => {
    response.setHeader('content-type', 'application/json');
    response.end(body);
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const { id, method, params = [] } = JSON.parse(body);
    calls[method] = (calls[method] ?? 0) + 1;
    const mode = proxy.decide(method, params);
    if (mode === 'hang') return;
    if (mode === 'drop') return void request.socket.destroy();
    if (typeof mode === 'object' && 'status' in mode) {
      response.writeHead(mode.status, mode.headers);
      response.end('not today');
      return;
    }
    if (typeof mode === 'object') return send(response, JSON.stringify({ jsonrpc: '2.0', id, ...mode.answer }));
    const answer = JSON.parse(await forward(body));
    if (mode === 'lose-answer') return void request.socket.destroy();
    if ('result' in answer) answer.result = proxy.rewrite(method, answer.result);
    send(response, JSON.stringify(answer));
  }

  const server = createServer((request, response) => {
    // A node that is gone looks like one that cuts the line.
    handle(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: FlakyProxy = {
    url: `http://127.0.0.1:${port}`,
    decide: () => 'pass',
    rewrite: (_method, result) => result,
    calls,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
  return proxy;
}
