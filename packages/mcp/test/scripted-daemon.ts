import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

/** A request as it arrived. */
export interface Received {
  /** Method and path, as on the wire. */
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What is done with one request. */
export type Answer = (response: ServerResponse, request: Received) => void;

/** Something that answers in the place of a daemon, over real HTTP. */
export interface ScriptedDaemon extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  /** From now on. */
  answer: Answer;
}

/** Starts it. */
export async function scriptedDaemon(answer: Answer): Promise<ScriptedDaemon> {
  const received: Received[] = [];
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const { method, url, headers } = message;
      const request = { line: `${method} ${url}`, headers, body: Buffer.concat(chunks).toString('utf8') };
      received.push(request);
      daemon.answer(response, request);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  const daemon: ScriptedDaemon = {
    url: `http://127.0.0.1:${address.port}`,
    received,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return daemon;
}

/** Answers with JSON. */
export const json =
  (body: unknown, status = 200): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };

/** Answers with a page, as a proxy does. */
export const page =
  (text: string, status: number): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end(text);
  };

/** Takes the request and cuts the connection. */
export const drop: Answer = (response) => void response.socket?.destroy();

/** An error as the daemon words it. */
export const refusal = (status: number, code: string, more: object = {}): Answer =>
  json({ code, message: `${code} happened`, requestId: 'req_1', retryable: false, ...more }, status);
