import { WebSocket, WebSocketServer } from 'ws';
import type { JsonObject } from '../json/json-value.ts';
import { stringifyJson } from '../json/stringify-json.ts';
import type { Node } from '../methods/method.ts';
import { asRpcError, type Call, failureReply, parseMessage, resultReply } from '../rpc/dispatch.ts';
import { invalidParams, RPC_ERROR_CODE, RpcError } from '../rpc/rpc-error.ts';
import { parseTopic } from './parse-topic.ts';
import type { TopicKind } from './subscription.ts';
import { createSubscriptions, type Notify, type Subscriptions } from './subscriptions.ts';

const UNSUBSCRIBE: ReadonlyMap<string, TopicKind> = new Map([
  ['slotUnsubscribe', 'slot'],
  ['rootUnsubscribe', 'root'],
  ['signatureUnsubscribe', 'signature'],
  ['accountUnsubscribe', 'account'],
  ['logsUnsubscribe', 'logs'],
]);

/** Opens the PubSub endpoint. The server listens once its `listening` event has fired. */
export function createWsServer(node: Node, host: string, port: number): WebSocketServer {
  const subscriptions = createSubscriptions(node.ledger);
  const stopListening = node.ledger.listen((event) => subscriptions.publish(event));
  const server = new WebSocketServer({
    host,
    port,
    verifyClient: (_info, accept) => accept(node.faults.take('refuseSockets') === undefined, 503),
  });
  server.on('connection', (socket) => serve(node, subscriptions, socket));
  server.on('close', stopListening);
  return server;
}

function serve(node: Node, subscriptions: Subscriptions, socket: WebSocket): void {
  const transmit = (message: JsonObject): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(stringifyJson(message));
  };
  const notify: Notify = (message) => {
    if (node.faults.take('muteNotifications') === undefined) transmit(message);
  };
  socket.on('close', () => subscriptions.removeAll(notify));
  // A broken frame already closes the connection; without a listener it would end the process.
  socket.on('error', () => socket.terminate());
  socket.on('pong', (data) => subscriptions.catchUp(Number(data.toString())));
  socket.on('message', (data) => {
    for (const call of parseMessage(data.toString()).calls) {
      if ('failure' in call) transmit(call.failure);
      // Clients keep a connection alive with calls that have no id and want no answer.
      else if (!call.isNotification) handle(node, subscriptions, socket, call, transmit, notify);
    }
  });
}

function handle(
  node: Node,
  subscriptions: Subscriptions,
  socket: WebSocket,
  call: Call,
  transmit: (message: JsonObject) => void,
  notify: Notify,
): void {
  node.counters.countCall(call.method);
  try {
    const topic = parseTopic(call.method, call.params);
    if (topic !== undefined) {
      const id = subscriptions.add(topic, notify);
      transmit(resultReply(call.id, id));
      // Clients miss a notification that arrives together with the id. What answers a ping that was sent after the id has
      // read the id, however slow it is.
      socket.ping(String(id));
      return;
    }
    const kind = UNSUBSCRIBE.get(call.method);
    if (kind === undefined) throw new RpcError(RPC_ERROR_CODE.methodNotFound, 'Method not found');
    const [id] = call.params;
    if (typeof id !== 'number' || !subscriptions.remove(id, kind)) throw invalidParams('Invalid subscription id.');
    transmit(resultReply(call.id, true));
  } catch (thrown) {
    transmit(failureReply(call.id, asRpcError(thrown)));
  }
}
