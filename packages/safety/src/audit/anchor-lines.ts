import { toJson } from '@waiaas/core';
import type { AuditHead } from '@waiaas/storage';
import { z } from 'zod';
import type { AuditAnchor } from './audit-check.ts';

const lineSchema = z.strictObject({
  version: z.int().min(1),
  auditId: z.int(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  sealedAt: z.int(),
  seal: z.string(),
});

/** A head as one line of the file that is kept outside the database. */
export const anchorLine = ({ version, audit_id, hash, sealed_at, seal }: AuditHead): string =>
  `${toJson({ version, auditId: audit_id, hash, sealedAt: sealed_at, seal })}\n`;

function parseLine(line: string): AuditHead | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const parsed = lineSchema.safeParse(value);
  if (!parsed.success) return null;
  const { version, auditId, hash, sealedAt, seal } = parsed.data;
  return { version, audit_id: auditId, hash, sealed_at: sealedAt, seal };
}

/** Heads that were kept outside the database, and the lines that are none. */
export interface Anchors {
  readonly anchors: readonly AuditAnchor[];
  readonly unreadable: readonly string[];
}

/**
 * Reads the file of heads. A last line without its end is what a crash leaves behind, and says nothing.
 *
 * @param name what the file is called in findings
 */
export function parseAnchors(text: string, name: string): Anchors {
  const anchors: AuditAnchor[] = [];
  const unreadable: string[] = [];
  const lines = text.split('\n');
  lines.pop();
  for (const [index, line] of lines.entries()) {
    const source = `${name}:${index + 1}`;
    const head = parseLine(line);
    if (head === null) unreadable.push(source);
    else anchors.push({ head, source });
  }
  return { anchors, unreadable };
}

/** The newest line of the file of heads that is one and is accepted; null where there is none. */
export function lastAnchor(text: string, accepts: (head: AuditHead) => boolean): AuditHead | null {
  const lines = text.split('\n');
  lines.pop();
  for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
    const head = parseLine(line);
    if (head !== null && accepts(head)) return head;
  }
  return null;
}
