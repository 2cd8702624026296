import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a fake node does with one call. */
export type Answer =
  | { readonly result: unknown }
  | { readonly error: unknown }
  /** Sent as the body as it stands, with an HTTP status. */
  | { readonly body: string; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  /** Cuts the connection. */
  | 'reset'
  /** Never answers. */
  | 'hang';

/** A node that says what a test tells it to. */
export interface FakeNode {
  readonly url: string;
  readonly calls: { readonly method: string; readonly params: unknown }[];
  /** Sets the answer to a method; a list is used up in order, its last entry stays. */
  answer(method: string, ...answers: readonly Answer[]): void;
  close(): Promise<void>;
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
};

export async function startFakeNode(genesisHash = 'FakeGenesis'): Promise<FakeNode> {
  const answers = new Map<string, Answer[]>([
    ['getHealth', [{ result: 'ok' }]],
    ['getGenesisHash', [{ result: genesisHash }]],
  ]);
  const calls: { method: string; params: unknown }[] = [];

  const reply = (response: ServerResponse, id: unknown, answer: Answer): void => {
    if (answer === 'hang') return;
    if (answer === 'reset') {
      response.destroy();
      return;
    }
    if ('body' in answer) {
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.body);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  };

  const server = createServer(async (request, response) => {
    const call: unknown = JSON.parse(await bodyOf(request));
    const method = String(field(call, 'method'));
    calls.push({ method, params: field(call, 'params') });
    const left = answers.get(method) ?? [];
    const next = left.length > 1 ? left.shift() : left[0];
    reply(response, field(call, 'id'), next ?? { error: { code: -32601, message: 'Method not found' } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    answer: (method, ...given) => void answers.set(method, [...given]),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
