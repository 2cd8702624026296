import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { untilListening } from './listen.ts';

/** When a relay dies: before the node has seen a call, or after it has executed it and before it has answered. */
export type RelayMoment = 'before' | 'after';

/** A further endpoint of a node: what dies is the way there, not the ledger. HTTP only. */
export interface Relay {
  readonly url: string;
  /** Methods of the calls that came here, in order. */
  readonly calls: readonly string[];
  /** Dies at the next call of this method, cutting every connection. */
  dieAt(method: string, moment: RelayMoment): void;
  /** Refuses every connection from now on. */
  die(): void;
  /** Takes every call and answers none from now on. */
  hang(): void;
  /** Answers this in place of the node, until `revive`. */
  say(method: string, answer: { readonly result: unknown } | { readonly error: unknown }): void;
  /** Works as at the beginning. */
  revive(): void;
  close(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
};

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

/**
 * Starts a relay in front of a node, on a free port of the loopback address.
 * @param target URL of the node
 * @example
 * const relay = await startRelay(localnet.rpcUrl);
 * relay.dieAt('sendTransaction', 'after'); // the transaction lands, the answer is lost, and nobody is there any more
 */
export async function startRelay(target: string): Promise<Relay> {
  const calls: string[] = [];
  const said = new Map<string, object>();
  let trap: { readonly method: string; readonly moment: RelayMoment } | undefined;
  let state: 'well' | 'dead' | 'hanging' = 'well';

  const die = (): void => {
    state = 'dead';
    server.closeAllConnections();
  };

  const relay = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const call: unknown = JSON.parse(body);
    const method = String(field(call, 'method'));
    if (state === 'dead') {
      response.destroy();
      return;
    }
    calls.push(method);
    if (state === 'hanging') return;
    const isTrapped = trap?.method === method;
    if (isTrapped && trap?.moment === 'before') return die();
    const answer = said.get(method);
    if (answer !== undefined) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: field(call, 'id'), ...answer }));
      return;
    }
    const forwarded = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const text = await forwarded.text();
    if (isTrapped) return die();
    response.writeHead(forwarded.status, { 'content-type': 'application/json' });
    response.end(text);
  };

  const server = createServer((request, response) => {
    relay(request, response).catch(() => response.destroy());
  });
  const port = await untilListening(server.listen(0, '127.0.0.1'), 0);
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    dieAt(method, moment) {
      trap = { method, moment };
    },
    die,
    hang() {
      state = 'hanging';
    },
    say: (method, answer) => void said.set(method, answer),
    revive() {
      state = 'well';
      trap = undefined;
      said.clear();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
