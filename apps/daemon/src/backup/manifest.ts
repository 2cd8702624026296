import { z } from 'zod';

/** Name of the manifest in an archive. */
export const MANIFEST = 'manifest.json';
/** Name of the database in an archive, wherever it is kept. */
export const DATABASE = 'database.db';
/** Name of the audit log's heads in an archive. */
export const AUDIT_HEADS = 'audit-heads.log';

/** What may be in an archive besides the manifest: nothing that could land anywhere else than where it belongs. */
const ENTRY =
  /^(?:config\.toml|database\.db|audit-heads\.log|keystore\/(?:(?:archived|backups|discarded)\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.json)$/;

/** Whether a file of an archive is one that a backup has. */
export const isBackupEntry = (name: string): boolean => ENTRY.test(name);

export const manifestSchema = z.strictObject({
  format: z.literal('waiaas-backup'),
  version: z.literal(1),
  createdAt: z.iso.datetime(),
  /** Version of the program that made it. */
  madeBy: z.string().max(40),
  /** What must be in the archive, to the byte. It shows accidents, not malice: nothing of it is signed. */
  files: z.record(
    z.string().refine(isBackupEntry),
    z.strictObject({ size: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});

/** What an archive says of itself. */
export type BackupManifest = z.infer<typeof manifestSchema>;
