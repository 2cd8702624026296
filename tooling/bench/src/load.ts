import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { z } from 'zod';

const AUTOCANNON = createRequire(import.meta.url).resolve('autocannon');
const resultSchema = z.object({
  requests: z.object({ average: z.number(), total: z.number() }),
  non2xx: z.number(),
  errors: z.number(),
});

/** Requests per second of one address under load from another process. @throws Error when an answer was not 2xx */
export async function measureLoad(url: string, headers: readonly string[], seconds: number): Promise<number> {
  const args = [AUTOCANNON, '--json', '-c', '16', '-d', String(seconds), ...headers.flatMap((h) => ['-H', h]), url];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += String(chunk);
  });
  await once(child, 'close');
  const result = resultSchema.parse(JSON.parse(text));
  if (result.non2xx + result.errors > 0) throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} failed`);
  return result.requests.average;
}
