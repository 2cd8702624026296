import { recordOf } from './rpc-answer.ts';
import type { RpcCall } from './rpc-session.ts';
import { assembleUnsignedWire, base64Wire } from './wire-transaction.ts';

/** What a node says of a simulation. */
export type SimulationAnswer = Readonly<Record<string, unknown>>;

/**
 * The call that runs a message without a signature: as a whole wire transaction with an empty one, and with a fresh
 * blockhash, so that a stale one does not hide what is really wrong (02 §14).
 * @throws SolanaError when the message is none
 */
export function simulationCall(message: Uint8Array, timeoutMs: number): RpcCall<SimulationAnswer> {
  const wire = base64Wire(assembleUnsignedWire(message));
  return {
    method: 'simulateTransaction',
    timeoutMs,
    async request(rpc, abortSignal) {
      const answer = await rpc
        .simulateTransaction(wire, {
          commitment: 'confirmed',
          encoding: 'base64',
          replaceRecentBlockhash: true,
          sigVerify: false,
        })
        .send({ abortSignal });
      return recordOf(answer.value, 'simulation');
    },
  };
}
