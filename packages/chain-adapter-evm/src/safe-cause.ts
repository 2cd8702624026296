import { BaseError } from 'viem';
import { causeChain } from './cause-chain.ts';

const MAX_LENGTH = 300;

/** viem's own messages hold the URL and the whole request, signed bytes included; its `details` are what the node said. */
const textOf = (link: unknown): string => {
  if (link instanceof BaseError) return `${link.name}: ${link.details}`;
  if (link instanceof Error) return `${link.name}: ${link.message}`;
  return typeof link === 'string' ? link : typeof link;
};

/** A copy of an error that may be logged: what it and its causes say, with no URL, no request and no bytes (02 §4). */
export function safeCause(error: unknown, redact: (text: string) => string): Error {
  const text = causeChain(error).map(textOf).join(' <- ');
  const copy = new Error(redact(text).slice(0, MAX_LENGTH));
  copy.name = 'RpcFault';
  // The stack of the copy would only show this line.
  copy.stack = `${copy.name}: ${copy.message}`;
  return copy;
}
