import { decodeErrorResult, type Hex, parseAbi } from 'viem';
import { printable } from './printable.ts';

const STANDARD = parseAbi(['error Error(string)', 'error Panic(uint256)']);
const MAX_REASON = 200;
/** Of a call that was refused, or broke off: both are the contract's doing. */
const REVERTED =
  /revert|gas required exceeds allowance|invalid opcode|out of gas|stack underflow|stack limit reached|invalid jump|return data out of bounds|gas uint64 overflow|precompiled? .*failed|^evm error:? \w+(\(\w*\))?$/i;
/** JSON-RPC codes of a call that a contract has reverted; the second one is of older nodes, and says so of nothing else. */
const REVERT_CODES: ReadonlySet<unknown> = new Set([3, -32015]);
/** What some nodes write before the bytes that the contract gave back. */
const BEFORE_DATA = /^reverted /i;

const isData = (value: unknown): value is Hex => typeof value === 'string' && /^0x[0-9a-f]*$/i.test(value);

const fieldOf = (link: unknown, field: string): unknown =>
  typeof link === 'object' && link !== null && field in link ? Reflect.get(link, field) : undefined;

/** What the contract gave back; some nodes wrap it once more. */
function revertData(links: readonly unknown[]): Hex | undefined {
  for (const link of links) {
    const told = fieldOf(link, 'data');
    const data = typeof told === 'string' ? told.replace(BEFORE_DATA, '') : told;
    if (isData(data)) return data;
    const inner = fieldOf(data, 'data');
    if (isData(inner)) return inner;
  }
  return undefined;
}

/** Reads what a reverted call gave back: the text of `require`, the number of a panic, or nothing that is agreed upon. */
export function decodeRevert(data: Hex): string {
  try {
    const { errorName, args } = decodeErrorResult({ abi: STANDARD, data });
    return printable(errorName === 'Panic' ? `panic ${String(args[0])}` : String(args[0]), MAX_REASON);
  } catch {
    // An error of the contract's own, or none: nothing that could be shown to people.
    return '';
  }
}

/** Why a contract refused a call, empty when it gave no reason; null when it was not a contract that refused. */
export function revertOf(links: readonly unknown[]): string | null {
  const isRevert = links.some((link) => {
    const details = fieldOf(link, 'details');
    return REVERT_CODES.has(fieldOf(link, 'code')) || (typeof details === 'string' && REVERTED.test(details));
  });
  if (!isRevert) return null;
  const data = revertData(links);
  return data === undefined ? '' : decodeRevert(data);
}
