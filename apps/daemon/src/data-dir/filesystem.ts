import { statfsSync } from 'node:fs';

const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
]);

/**
 * Name of the network filesystem a directory is on, or null for a local one. SQLite's write-ahead log is not safe on
 * them (01 §1.2).
 */
export const remoteFilesystem = (path: string): string | null => REMOTE.get(statfsSync(path).type >>> 0) ?? null;
