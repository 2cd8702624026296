import type { RetryPolicy, WAIaaSError } from '../src/index.ts';
import { WAIaaSClient, type WAIaaSClientOptions, WAIaaSError as WAIaaSErrorClass } from '../src/index.ts';
import type { ScriptedServer } from './scripted-server.ts';

/** A token that must never be seen outside the Authorization header. */
export const TOKEN = 'wai_sess_eyJhbGciOiJIUzI1NiJ9.canary-payload.canary-signature';
/** A recipient. */
export const RECIPIENT = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';
/** An answered payment. */
export const PAID = {
  transactionId: '01936d3a-7f00-7abc-8def-0123456789ab',
  status: 'CONFIRMED',
  type: 'TRANSFER',
  amount: '50000000',
  toAddress: RECIPIENT,
  tier: 'INSTANT',
  createdAt: '2026-11-22T00:00:00.000Z',
};
/** An answered balance. */
export const BALANCE = {
  balance: '1500000000',
  decimals: 9,
  symbol: 'SOL',
  formatted: '1.5 SOL',
  chain: 'solana',
  network: 'localnet',
};

/** A client whose pauses take no time and are written down. */
export function clientOf(
  server: ScriptedServer,
  options: WAIaaSClientOptions & { readonly retry?: Partial<RetryPolicy> } = {},
  random = 0.5,
): { readonly client: WAIaaSClient; readonly pauses: readonly number[] } {
  const pauses: number[] = [];
  const client = new WAIaaSClient(
    { baseUrl: server.url, sessionToken: TOKEN, ...options },
    {
      random: () => random,
      sleep: async (ms) => {
        pauses.push(ms);
      },
    },
  );
  return { client, pauses };
}

/** The error of a call that must fail. */
export async function errorOf(call: Promise<unknown>): Promise<WAIaaSError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof WAIaaSErrorClass) return error;
    throw new Error('Something else than a WAIaaSError was thrown', { cause: error });
  }
  throw new Error('The call succeeded');
}
