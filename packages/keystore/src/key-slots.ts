import type { GuardedMemory, SecureBuffer } from './guarded-memory.ts';
import { readOnly, readWrite, wipe } from './guarded-memory.ts';

/** Bytes of a slot: a libsodium secret key. Shorter secrets leave the rest zero. */
export const SLOT_LENGTH = 64;

/**
 * Slots in one allocation. With libsodium's 16-byte canary they just fit a page of 4 KiB, the least that can be locked:
 * a thousand keys lock 64 KiB, so that even a low memlock limit carries them.
 */
const SLOTS_PER_SLAB = 63;

/** Room for one secret key in guarded, read-only memory. */
export interface KeySlot {
  /** The key. Read-only memory: writing to it ends the process. */
  readonly bytes: Buffer;
  /** Makes the slot writable while `fill` runs, synchronously. */
  write<T>(fill: (bytes: Buffer) => T): T;
  /** Overwrites the key and gives the slot back. */
  release(): void;
}

/** The secret keys of one unlocked keystore. */
export interface KeySlots {
  take(): KeySlot;
  /** Overwrites every key that was ever taken and shuts the memory off. No slot may be used afterwards. */
  wipe(): void;
}

/** An empty set of slots; it grows by one page at a time. */
export function createKeySlots(memory: GuardedMemory): KeySlots {
  const slabs: SecureBuffer[] = [];
  const free: KeySlot[] = [];

  function slotAt(slab: SecureBuffer, bytes: Buffer): KeySlot {
    const write = <T>(fill: (bytes: Buffer) => T): T => {
      readWrite(slab);
      try {
        return fill(bytes);
      } finally {
        readOnly(slab);
      }
    };
    const slot: KeySlot = {
      bytes,
      write,
      release() {
        write((key) => key.fill(0));
        free.push(slot);
      },
    };
    return slot;
  }

  function grow(): KeySlot {
    const slab = memory.allocate(SLOT_LENGTH * SLOTS_PER_SLAB);
    slab.fill(0);
    readOnly(slab);
    slabs.push(slab);
    for (let index = SLOTS_PER_SLAB - 1; index > 0; index -= 1) {
      free.push(slotAt(slab, slab.subarray(index * SLOT_LENGTH, (index + 1) * SLOT_LENGTH)));
    }
    return slotAt(slab, slab.subarray(0, SLOT_LENGTH));
  }

  return {
    take: () => free.pop() ?? grow(),
    wipe() {
      free.length = 0;
      for (const slab of slabs.splice(0)) wipe(slab);
    },
  };
}
