import type { Address } from '@solana/kit';
import { isAddress } from '@solana/kit';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import { parseJson } from '../json/parse-json.ts';
import type { Fault } from './fault.ts';
import { parseFault } from './parse-fault.ts';
import { ControlError, createReader } from './reader.ts';

const MAX_SLOTS_AT_ONCE = 100_000;

/** What the control endpoint can do to the node. */
export interface Controls {
  addFault(fault: Fault): void;
  resetFaults(): void;
  resetCounters(): void;
  advanceSlots(count: number): void;
  skipSlots(count: number): void;
  airdrop(address: Address, lamports: bigint): void;
  closeSockets(): void;
  report(): JsonObject;
}

/** The HTTP answer to a control request. */
export interface ControlAnswer {
  readonly status: 200 | 400;
  readonly body: JsonObject;
}

/**
 * Carries out one control request, e.g. `{"command":"fault","fault":{"type":"dropReply","method":"sendTransaction"}}`.
 * Every request, also the bare `{"command":"report"}`, is answered with the report.
 */
export function answerControl(controls: Controls, text: string): ControlAnswer {
  try {
    carryOut(controls, parseJson(text));
    return { status: 200, body: controls.report() };
  } catch (thrown) {
    if (!(thrown instanceof ControlError || thrown instanceof SyntaxError)) throw thrown;
    return { status: 400, body: { error: thrown.message } };
  }
}

function carryOut(controls: Controls, value: JsonValue): void {
  const reader = createReader(value, 'a control request');
  const command = reader.string('command');
  const run = (action: () => void): void => {
    // Nothing happens before the whole request is known to be right.
    reader.end();
    action();
  };
  switch (command) {
    case 'report':
      run(() => undefined);
      return;
    case 'fault': {
      const fault = parseFault(reader.value('fault'));
      run(() => controls.addFault(fault));
      return;
    }
    case 'resetFaults':
      run(() => controls.resetFaults());
      return;
    case 'resetCounters':
      run(() => controls.resetCounters());
      return;
    case 'closeSockets':
      run(() => controls.closeSockets());
      return;
    case 'advanceSlots':
    case 'skipSlots': {
      const slots = reader.integer('slots', 1, MAX_SLOTS_AT_ONCE);
      run(() => controls[command](slots));
      return;
    }
    case 'airdrop': {
      const address = reader.string('address');
      const lamports = reader.bigint('lamports');
      if (!isAddress(address)) throw new ControlError('"address" must be a base58 address');
      run(() => controls.airdrop(address, lamports));
      return;
    }
    default:
      throw new ControlError(`unknown command "${command}"`);
  }
}
