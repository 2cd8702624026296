import { createHmac, timingSafeEqual } from 'node:crypto';
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
  /** Whether it is signed by the secret of the server, and not too old. */
  readonly isSigned: boolean;
}

/** A server that webhooks are posted to. */
export interface HookServer {
  readonly url: string;
  readonly deliveries: readonly Delivery[];
  /** While true, requests are taken and not answered. */
  silent: boolean;
  /** While true, every message is refused as one that is no good. */
  refusing: boolean;
  /** Resolves with the first delivery that fits, past or to come. */
  next(fits: (delivery: Delivery) => boolean): Promise<Delivery>;
  close(): Promise<void>;
}

/** Checks a signature as a receiver does: `t=<unix>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`. */
function isSignedBy(secret: string, header: string, body: string, tolerance: number): boolean {
  const parts = header.split(',').map((part) => part.split('='));
  const time = Number(parts.find(([name]) => name === 't')?.[1]);
  const wanted = createHmac('sha256', secret).update(`${time}.${body}`).digest();
  const isRecent = Math.abs(Date.now() / 1000 - time) <= tolerance;
  const fits = ([name, hex = '']: readonly string[]): boolean => {
    const given = Buffer.from(hex, 'hex');
    return name === 'v1' && given.length === wanted.length && timingSafeEqual(given, wanted);
  };
  return isRecent && parts.some(fits);
}

/**
 * Starts one on a port of its own.
 * @param secret what deliveries are signed with
 * @param tolerance how far the time of a signature may be away, seconds: more than usual where a test moves clocks
 */
export async function startHookServer(secret = '', tolerance = 300): Promise<HookServer> {
  const deliveries: Delivery[] = [];
  const waiting = new Set<() => void>();
  const held: ServerResponse[] = [];
  const state = { silent: false, refusing: false };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      if (request.method === 'POST') {
        const isSigned = isSignedBy(secret, String(request.headers['x-waiaas-signature']), text, tolerance);
        deliveries.push({ ...JSON.parse(text), isSigned });
      }
      if (state.silent && request.method === 'POST') held.push(response);
      else response.writeHead(state.refusing && request.method === 'POST' ? 400 : 200).end();
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
    get refusing() {
      return state.refusing;
    },
    set refusing(value) {
      state.refusing = value;
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
