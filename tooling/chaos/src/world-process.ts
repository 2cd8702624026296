import { createInterface } from 'node:readline';
import { address } from '@solana/kit';
import { ERROR_CODES } from '@waiaas/core';
import { z } from 'zod';
import { createHarness, PASSWORD } from './harness.ts';
import { balanceOf } from './ledger-truth.ts';

/*
 * A ledger and the real daemon for tests in other languages. Talks JSON, one line each way: the first line tells where the
 * daemon is; every line that comes in is answered by one. Ends with its standard input.
 */

const commandSchema = z.union([
  z.strictObject({ airdrop: z.string(), lamports: z.string() }),
  z.strictObject({ balance: z.string() }),
  z.strictObject({ advance: z.int() }),
]);

const harness = await createHarness(100);
const dataDir = await harness.createDataDir('nonce_cache_max = 10000\n');
// At this level the daemon serves its own document.
const daemon = await harness.start(dataDir, {
  WAIAAS_DAEMON_LOG_LEVEL: 'debug',
  // The webhooks of these tests are on this machine.
  WAIAAS_NOTIFICATIONS_ALLOWED_NETWORKS: '["127.0.0.1"]',
});
const tell = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

async function carryOut(line: string): Promise<object> {
  const command = commandSchema.parse(JSON.parse(line));
  if ('airdrop' in command) {
    harness.ledger.airdrop(address(command.airdrop), BigInt(command.lamports));
    return { done: true };
  }
  if ('balance' in command) return { balance: String(await balanceOf(harness.ledger, command.balance)) };
  await daemon.advance(command.advance);
  return { done: true };
}

const openapi: unknown = await (await fetch(`${daemon.url}/doc`)).json();
tell({ url: daemon.url, password: PASSWORD, contract: { openapi, errorCodes: ERROR_CODES } });
for await (const line of createInterface({ input: process.stdin })) tell(await carryOut(line));
await daemon.stop();
await harness.close();
process.exit(0);
