import { causeChain } from './cause-chain.ts';

const MAX_LENGTH = 300;

const textOf = (link: unknown): string => {
  if (link instanceof Error) return `${link.name}: ${link.message}`;
  return typeof link === 'string' ? link : typeof link;
};

/**
 * A copy of an error that may be logged: its messages and those of its causes, with no URL and no context object. Library
 * errors carry bigints, which JSON cannot hold, and URLs, which hold API keys (02 §4, §14).
 */
export function safeCause(error: unknown, redact: (text: string) => string): Error {
  const text = causeChain(error).map(textOf).join(' <- ');
  const copy = new Error(redact(text).slice(0, MAX_LENGTH));
  copy.name = 'RpcFault';
  // The stack of the copy would only show this line.
  copy.stack = `${copy.name}: ${copy.message}`;
  return copy;
}
