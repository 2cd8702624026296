import { type Address, isAddress } from '@solana/kit';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { type Commitment, isCommitment } from '../ledger/commitment.ts';
import { invalidParams } from './rpc-error.ts';

/** The positional parameters of a call. */
export type Params = readonly JsonValue[];

/** Parameter `index` as an address. @throws RpcError −32602 */
export function addressParam(params: Params, index: number): Address {
  return toAddress(params[index]);
}

/** A JSON value as an address. @throws RpcError −32602 */
export function toAddress(value: JsonValue | undefined): Address {
  if (typeof value !== 'string') throw invalidParams('Invalid params: expected a base58 address');
  if (!isAddress(value)) throw invalidParams('Invalid param: Invalid');
  return value;
}

/** Parameter `index` as a string. @throws RpcError −32602 */
export function stringParam(params: Params, index: number): string {
  const value = params[index];
  if (typeof value !== 'string') throw invalidParams(`Invalid params: parameter ${index} must be a string`);
  return value;
}

/** Parameter `index` as an unsigned 64-bit integer. @throws RpcError −32602 */
export function integerParam(params: Params, index: number): bigint {
  const value = params[index];
  const isInteger = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
  if (!isInteger) throw invalidParams(`Invalid params: parameter ${index} must be an integer`);
  const integer = BigInt(value);
  if (integer < 0n || integer > 0xffff_ffff_ffff_ffffn) {
    throw invalidParams(`Invalid params: parameter ${index} is not an unsigned 64-bit integer`);
  }
  return integer;
}

/** Parameter `index` as a list of strings; an absent one is empty. @throws RpcError −32602 */
export function stringListParam(params: Params, index: number): readonly string[] {
  const value = params[index] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw invalidParams(`Invalid params: parameter ${index} must be a list of strings`);
  }
  return value;
}

/** Parameter `index` as a configuration object; an absent one is empty. @throws RpcError −32602 */
export function configParam(params: Params, index: number): JsonObject {
  const value = params[index] ?? {};
  if (!isJsonObject(value)) throw invalidParams(`Invalid params: parameter ${index} must be an object`);
  return value;
}

/** A boolean member of a configuration object; absent means false. @throws RpcError −32602 */
export function flag(config: JsonObject, key: string): boolean {
  const value = config[key] ?? false;
  if (typeof value !== 'boolean') throw invalidParams(`Invalid params: ${key} must be a boolean`);
  return value;
}

/** A commitment member; absent means finalized, as on a validator. @throws RpcError −32602 */
export function commitmentOf(config: JsonObject, key = 'commitment'): Commitment {
  const value = config[key] ?? 'finalized';
  if (!isCommitment(value)) throw invalidParams(`Invalid params: unknown commitment ${String(value)}`);
  return value;
}

/** A small whole number in a configuration object, or undefined. @throws RpcError −32602 */
export function smallInteger(config: JsonObject, key: string): number | undefined {
  const value = config[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalidParams(`Invalid params: ${key} must be a whole number`);
  }
  return value;
}
