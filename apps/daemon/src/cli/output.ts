import { isErrorCode, toJson } from '@waiaas/core';
import type { Failure } from './cli-error.ts';

/** Control characters of foreign text could rewrite what a terminal shows; those of direction and line, how it reads. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '�');

/** A table with a heading and columns as wide as they need to be. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.max(...all.map((row) => [...(row[column] ?? '')].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - [...cell].length)))
      .join('  ')
      .trimEnd();
  return `${all.map(line).join('\n')}\n`;
}

/** Names and values below each other. */
export const facts = (pairs: readonly (readonly [string, string])[]): string => {
  const width = Math.max(0, ...pairs.map(([name]) => name.length)) + 1;
  return pairs.map(([name, value]) => `${`${name}:`.padEnd(width)} ${printable(value)}\n`).join('');
};

/** A result for programs: one line of JSON. */
export const jsonLine = (value: unknown): string => `${toJson(value)}\n`;

interface Issue {
  readonly path: string;
  readonly message: string;
}

const isIssue = (value: unknown): value is Issue =>
  typeof value === 'object' &&
  value !== null &&
  'path' in value &&
  'message' in value &&
  typeof value.path === 'string' &&
  typeof value.message === 'string';

/** Findings of a failed validation by the API; those of the configuration are in the message already. */
function issueLines({ code, details }: Failure): string {
  if (code !== 'VALIDATION_ERROR' || typeof details !== 'object' || details === null || !('issues' in details))
    return '';
  if (!Array.isArray(details.issues)) return '';
  return details.issues
    .filter(isIssue)
    .map((issue) => `  ${printable(issue.path)}: ${printable(issue.message)}\n`)
    .join('');
}

/** A warning as it is written to stderr: for programs a line of JSON, as everything there is. */
export const warningText = (warning: string, json: boolean): string =>
  json ? jsonLine({ warning }) : `Warning: ${printable(warning)}\n`;

/** A failure as it is written to stderr (01 §5). */
export function failureText(failure: Failure, json: boolean): string {
  const { code, message, hint, details, exitCode } = failure;
  if (json) return jsonLine({ code, message, hint, details, exitCode });
  const suffix = isErrorCode(code) ? ` (${code})` : '';
  const lines = message.split('\n').map((line) => `Error: ${printable(line)}${suffix}\n`);
  return lines.join('') + issueLines(failure) + (hint === undefined ? '' : `${printable(hint)}\n`);
}
