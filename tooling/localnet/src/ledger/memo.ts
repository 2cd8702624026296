import type { Message } from './wire-transaction.ts';

const MEMO_PROGRAMS: ReadonlySet<string> = new Set([
  'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo',
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
]);

/** The memos of a message as the RPC lists them, `[bytes] text` joined by `; `; null when there are none. */
export function memoOf(message: Message): string | null {
  const memos = message.instructions
    .filter(({ programAddressIndex }) => MEMO_PROGRAMS.has(message.staticAccounts[programAddressIndex] ?? ''))
    .map(({ data }) => Buffer.from(Uint8Array.from(data ?? [])))
    .map((bytes) => `[${bytes.length}] ${bytes.toString('utf8')}`);
  return memos.length === 0 ? null : memos.join('; ');
}
