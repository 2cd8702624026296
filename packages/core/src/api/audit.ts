import { z } from 'zod';
import { AUDIT_EVENTS, auditSeveritySchema } from '../enums.ts';
import { idSchema, nextCursorSchema, pageQuery, timestampSchema } from './common.ts';

/** Query of GET /v1/owner/audit-log. Everything given narrows the list. */
export const auditLogQuerySchema = z.strictObject({
  ...pageQuery,
  /** Number of the last row of the page before. */
  cursor: z
    .string()
    .regex(/^[1-9][0-9]{0,14}$/, 'must be a nextCursor of this list')
    .optional(),
  event: z.enum(AUDIT_EVENTS).optional(),
  severity: auditSeveritySchema.optional(),
  /** Whole name, such as `operator` or `agent:<id>`. */
  actor: z.string().min(1).max(200).optional(),
  agentId: idSchema.optional(),
  sessionId: idSchema.optional(),
  transactionId: idSchema.optional(),
  /** First moment, inclusive. */
  from: timestampSchema.optional(),
  /** Last moment, exclusive. */
  to: timestampSchema.optional(),
});
export type AuditLogQuery = z.output<typeof auditLogQuerySchema>;

/** A row of the audit log. */
export const auditEntrySchema = z.object({
  /** Number of the row; rows are numbered in the order they were written. */
  id: z.int(),
  timestamp: timestampSchema,
  /** A name of this version's, or one that another version has written. */
  event: z.string(),
  actor: z.string(),
  agentId: z.string().optional(),
  sessionId: z.string().optional(),
  transactionId: z.string().optional(),
  severity: auditSeveritySchema,
  details: z.looseObject({}),
  ip: z.string().optional(),
  /** Link to the row before: SHA-256 over its link and this row. */
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** Answer of GET /v1/owner/audit-log. */
export const auditLogResponseSchema = z.object({ entries: z.array(auditEntrySchema), nextCursor: nextCursorSchema });
export type AuditLogResponse = z.infer<typeof auditLogResponseSchema>;

/** What can be wrong with an audit log (09 no. 5). */
export const AUDIT_FAULTS = [
  'ROW_ALTERED',
  'ROWS_MISSING',
  'TRUNCATED',
  'HEAD_MISSING',
  'HEAD_FORGED',
  'HEAD_CONTRADICTS',
  'HEAD_ROLLED_BACK',
  'ANCHOR_UNREADABLE',
  'BREAK_RECORDED',
  'ROWS_UNSEALED',
] as const;
/** Kind of fault. */
export type AuditFault = (typeof AUDIT_FAULTS)[number];

/** Answer of GET /v1/owner/audit-log/verify: what a check of the whole log has found. */
export const auditVerificationSchema = z.object({
  /** Nothing is wrong, as far as could be checked. */
  intact: z.boolean(),
  rows: z.int(),
  firstId: z.int().nullable(),
  lastId: z.int().nullable(),
  /** Link of the last row. */
  lastHash: z.string(),
  /** The last row that the sealed head covers; null without one. */
  sealedTo: z.int().nullable(),
  /** Whether the seals were checked; without the vault only the links can be. */
  sealsChecked: z.boolean(),
  /** Heads from outside the database that were compared. */
  anchors: z.int(),
  /** Faults in all; `findings` tells the first of them. */
  faults: z.int(),
  findings: z.array(
    z.object({
      fault: z.enum(AUDIT_FAULTS),
      /** The row it shows at. */
      auditId: z.int(),
      text: z.string(),
    }),
  ),
});
export type AuditVerification = z.infer<typeof auditVerificationSchema>;
export type AuditFinding = AuditVerification['findings'][number];
