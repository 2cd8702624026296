/** A file of the built console. Its content is read when it is asked for, so that none of it stays in memory. */
export interface ConsoleFile {
  readonly contentType: string;
  /** Whether its name tells its content, so that it never changes. */
  readonly isHashed: boolean;
  /** Whether there is a compressed one beside it. */
  readonly hasGzip: boolean;
  /** @param encoding which of the two */
  read(encoding: 'identity' | 'gzip'): Promise<Uint8Array>;
}
