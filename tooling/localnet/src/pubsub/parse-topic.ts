import { getBase58Encoder, isSignature } from '@solana/kit';
import { isJsonObject } from '../json/json-value.ts';
import { accountEncoding } from '../rpc/encode-account.ts';
import { addressParam, commitmentOf, configParam, flag, type Params, stringParam, toAddress } from '../rpc/params.ts';
import { invalidParams } from '../rpc/rpc-error.ts';
import type { Topic } from './subscription.ts';

/** Reads the parameters of `method`; undefined when it is no subscribe method. @throws RpcError −32602 */
export function parseTopic(method: string, params: Params): Topic | undefined {
  switch (method) {
    case 'slotSubscribe':
      return { kind: 'slot' };
    case 'rootSubscribe':
      return { kind: 'root' };
    case 'signatureSubscribe': {
      const config = configParam(params, 1);
      return {
        kind: 'signature',
        signature: signatureParam(params),
        commitment: commitmentOf(config),
        wantsReceived: flag(config, 'enableReceivedNotification'),
      };
    }
    case 'accountSubscribe': {
      const config = configParam(params, 1);
      return {
        kind: 'account',
        address: addressParam(params, 0),
        commitment: commitmentOf(config),
        encoding: accountEncoding(config),
      };
    }
    case 'logsSubscribe':
      return { kind: 'logs', mentions: mentionsParam(params), commitment: commitmentOf(configParam(params, 1)) };
    default:
      return undefined;
  }
}

function signatureParam(params: Params): string {
  const text = stringParam(params, 0);
  if (!isSignature(text) || getBase58Encoder().encode(text).length !== 64) {
    throw invalidParams('Invalid params: not a signature');
  }
  return text;
}

function mentionsParam(params: Params) {
  const [filter] = params;
  if (filter === 'all' || filter === 'allWithVotes') return undefined;
  if (!isJsonObject(filter) || !Array.isArray(filter.mentions) || filter.mentions.length !== 1) {
    throw invalidParams('Invalid Request: Only 1 address supported');
  }
  return toAddress(filter.mentions[0]);
}
