import { once } from 'node:events';
import { request } from 'node:http';
import { z } from 'zod';

/** A request whose head the daemon has read and whose body is still to come. */
export interface HeldRequest {
  /** Sends the body, and answers what came of it. */
  end(body?: unknown): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>;
}

/**
 * Opens a request and holds its body back. Resolves when the daemon has begun with it: the interim answer is written in the
 * step that hands the head to the hooks, so credentials that are looked at before the body are looked at by then.
 */
export async function holdRequest(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<HeldRequest> {
  const held = request(url, {
    method,
    headers: { ...headers, 'transfer-encoding': 'chunked', expect: '100-continue' },
    agent: false,
  });
  const answered = once(held, 'response');
  held.flushHeaders();
  await once(held, 'continue');
  return {
    async end(body) {
      held.end(body === undefined ? '' : JSON.stringify(body));
      const [response] = await answered;
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return { status: response.statusCode, body: z.record(z.string(), z.unknown()).parse(JSON.parse(text)) };
    },
  };
}
