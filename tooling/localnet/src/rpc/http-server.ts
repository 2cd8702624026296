import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerControl, type Controls } from '../faults/control.ts';
import type { JsonValue } from '../json/json-value.ts';
import { stringifyJson } from '../json/stringify-json.ts';
import type { Node } from '../methods/method.ts';
import { answer, type ParsedMessage, parseMessage } from './dispatch.ts';
import { treatmentOf } from './http-faults.ts';

const MAX_BODY_BYTES = 512 * 1024;
/** Longer than the idle time of common clients, so that a reused connection is never closed under a request. */
const KEEP_ALIVE_MS = 65_000;

/** The HTTP side: JSON-RPC on `POST /`, the health probe, and the control endpoint. */
export function createHttpServer(node: Node, controls: Controls): Server {
  const server = createServer((request, response) => {
    handle(node, controls, request, response).catch((thrown: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, 500, { error: thrown instanceof Error ? thrown.message : String(thrown) });
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

async function handle(
  node: Node,
  controls: Controls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?')[0];
  if (path === '/control') return handleControl(controls, request, response);
  if (path === '/health') {
    if (node.faults.take('hang', 'getHealth') !== undefined) return;
    return sendText(response, 200, 'ok');
  }
  if (request.method !== 'POST' || path !== '/') return sendText(response, 405, 'Used HTTP Method is not allowed.');
  const text = await readBody(request);
  if (text === undefined) return sendText(response, 413, 'Request body too large');
  return handleRpc(node, text, response);
}

async function handleRpc(node: Node, text: string, response: ServerResponse): Promise<void> {
  const message = parseMessage(text);
  const methods = message.calls.flatMap((call) => ('method' in call ? [call.method] : []));
  for (const method of methods) node.counters.countCall(method);
  const treatment = treatmentOf(node.faults, methods);
  if (treatment.hang) return;
  if (treatment.reset) {
    response.destroy();
    return;
  }
  if (treatment.status !== undefined) {
    if (treatment.retryAfterSeconds !== undefined) {
      response.setHeader('Retry-After', String(treatment.retryAfterSeconds));
    }
    return sendText(response, treatment.status, 'switched-on fault');
  }
  const reply = answerMessage(node, message);
  if (treatment.delayMs > 0) await sleep(treatment.delayMs, undefined, { ref: false });
  if (treatment.reply === 'withhold') return;
  if (treatment.reply === 'drop') {
    response.destroy();
    return;
  }
  if (reply === undefined) sendText(response, 200, '');
  else send(response, 200, reply);
}

function answerMessage(node: Node, { isBatch, calls }: ParsedMessage): JsonValue | undefined {
  const replies = calls
    .map((call) => ('failure' in call ? call.failure : answer(node, call)))
    .filter((reply) => reply !== undefined);
  return isBatch && replies.length > 0 ? replies : replies[0];
}

async function handleControl(controls: Controls, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') return send(response, 200, controls.report());
  const text = await readBody(request);
  if (text === undefined) return sendText(response, 413, 'Request body too large');
  const { status, body } = answerControl(controls, text);
  send(response, status, body);
}

/** The body as text, or undefined when it is larger than the node takes. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: JsonValue): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(stringifyJson(body));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}
