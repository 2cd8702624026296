import { type FileSystem, nodeFileSystem } from '../src/file-system.ts';

/** A system call that is about to be made. */
export interface Call {
  readonly name: keyof FileSystem;
  /** Counted from 1. */
  readonly number: number;
  readonly path: string | undefined;
  readonly descriptor: number | undefined;
  /** For `write`: the bytes. */
  readonly bytes: Uint8Array | undefined;
}

/** The machine's file system, with a look-in before each call; what `before` throws, the call fails with. */
export function intercepted(before: (call: Call) => void | Promise<void>): FileSystem {
  let number = 0;
  const step = async (
    name: keyof FileSystem,
    where: { path?: string; descriptor?: number; bytes?: Uint8Array },
  ): Promise<void> => {
    number += 1;
    await before({ name, number, path: where.path, descriptor: where.descriptor, bytes: where.bytes });
  };
  const fs = nodeFileSystem;
  return {
    async open(path, flags, mode) {
      await step('open', { path });
      return fs.open(path, flags, mode);
    },
    async close(descriptor) {
      // A descriptor is released whatever happens, or the test process would run out of them.
      try {
        await step('close', { descriptor });
      } finally {
        await fs.close(descriptor);
      }
    },
    async status(descriptor) {
      await step('status', { descriptor });
      return fs.status(descriptor);
    },
    async setMode(descriptor, mode) {
      await step('setMode', { descriptor });
      return fs.setMode(descriptor, mode);
    },
    async read(descriptor, into) {
      await step('read', { descriptor });
      return fs.read(descriptor, into);
    },
    async write(descriptor, bytes) {
      await step('write', { descriptor, bytes });
      return fs.write(descriptor, bytes);
    },
    async sync(descriptor) {
      await step('sync', { descriptor });
      return fs.sync(descriptor);
    },
    async rename(from, to) {
      await step('rename', { path: to });
      return fs.rename(from, to);
    },
    async link(from, to) {
      await step('link', { path: to });
      return fs.link(from, to);
    },
    async unlink(path) {
      await step('unlink', { path });
      return fs.unlink(path);
    },
    async makeDirectory(path, mode) {
      await step('makeDirectory', { path });
      return fs.makeDirectory(path, mode);
    },
    async list(path) {
      await step('list', { path });
      return fs.list(path);
    },
  };
}
