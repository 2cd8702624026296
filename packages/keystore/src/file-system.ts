import fs from 'node:fs';
import { promisify } from 'node:util';

/** What `stat` is asked for. */
export interface FileStatus {
  readonly isFile: boolean;
  readonly size: number;
  readonly mode: number;
}

/**
 * The system calls the keystore uses, one for one, so that a test can end the process between any two of them. Errors
 * are Node's, with a `code`.
 */
export interface FileSystem {
  open(path: string, flags: number, mode: number): Promise<number>;
  close(descriptor: number): Promise<void>;
  status(descriptor: number): Promise<FileStatus>;
  setMode(descriptor: number, mode: number): Promise<void>;
  /** Bytes read. */
  read(descriptor: number, into: Uint8Array): Promise<number>;
  /** Bytes written; may be fewer than offered. */
  write(descriptor: number, bytes: Uint8Array): Promise<number>;
  sync(descriptor: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Gives a file a second name; fails with EEXIST when the name is taken. */
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes a folder and those above it. False when it exists. */
  makeDirectory(path: string, mode: number): Promise<boolean>;
  list(path: string): Promise<readonly string[]>;
}

const open = promisify(fs.open);
const fstat = promisify(fs.fstat);
const read = promisify(fs.read);
const write = promisify(fs.write);
const mkdir = promisify(fs.mkdir);
const readdir = promisify(fs.readdir);

/** The machine's file system. */
export const nodeFileSystem: FileSystem = {
  open: (path, flags, mode) => open(path, flags, mode),
  close: promisify(fs.close),
  async status(descriptor) {
    const found = await fstat(descriptor);
    return { isFile: found.isFile(), size: found.size, mode: found.mode & 0o777 };
  },
  setMode: promisify(fs.fchmod),
  read: async (descriptor, into) => (await read(descriptor, into, 0, into.length, null)).bytesRead,
  write: async (descriptor, bytes) => (await write(descriptor, bytes, 0, bytes.length, null)).bytesWritten,
  sync: promisify(fs.fsync),
  rename: promisify(fs.rename),
  link: promisify(fs.link),
  unlink: promisify(fs.unlink),
  makeDirectory: async (path, mode) => (await mkdir(path, { recursive: true, mode })) !== undefined,
  list: (path) => readdir(path),
};

/** Whether a system call failed for that reason. */
export const hasErrno = (error: unknown, errno: string): boolean =>
  error instanceof Error && 'code' in error && error.code === errno;
