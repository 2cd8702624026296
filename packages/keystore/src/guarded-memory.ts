import type { Logger } from '@waiaas/core';
import sodium, { type SecureBuffer } from 'sodium-native';

/**
 * Memory of libsodium: guard pages around it, kept out of core dumps, locked against swap, and with an access mode that
 * the processor enforces (01 §3.7). Reading a `noAccess` buffer or writing a `readOnly` one ends the process, so these
 * functions are the only places that change the mode, and buffers never leave the package.
 */
export type { SecureBuffer };

/** Key bytes may be read and written. For as short as possible. */
export const readWrite = (buffer: SecureBuffer): void => sodium.sodium_mprotect_readwrite(buffer);

/** Key bytes may be read: the normal state of a loaded key. */
export const readOnly = (buffer: SecureBuffer): void => sodium.sodium_mprotect_readonly(buffer);

/** Key bytes may not even be read. */
export const noAccess = (buffer: SecureBuffer): void => sodium.sodium_mprotect_noaccess(buffer);

/**
 * Overwrites key bytes and shuts them off. Works in every state: writable first, because zeroing protected memory would
 * end the process (01 §3.7). Repeating it is harmless.
 */
export function wipe(buffer: SecureBuffer): void {
  readWrite(buffer);
  sodium.sodium_memzero(buffer);
  noAccess(buffer);
}

/** Hands out guarded memory and watches whether it could be locked. */
export interface GuardedMemory {
  /** Guarded bytes, writable, content undefined. @throws Error when the memory is not guarded. */
  allocate(length: number): SecureBuffer;
  /** Warns once about allocations that the system refused to lock since the last call. */
  reportUnlocked(): void;
}

/** Whether the pages are locked. `sodium_malloc` says nothing when locking fails; asking again does (toolchain.md). */
function isLocked(buffer: SecureBuffer): boolean {
  try {
    sodium.sodium_mlock(buffer);
    return true;
  } catch {
    return false;
  }
}

/** Guarded memory whose lock failures are logged. */
export function createGuardedMemory(logger: Logger): GuardedMemory {
  let unlocked = 0;
  return {
    allocate(length) {
      const buffer = sodium.sodium_malloc(length);
      if (buffer.secure !== true || buffer.length !== length) throw new Error('Guarded memory is not available');
      if (!isLocked(buffer)) unlocked += 1;
      return buffer;
    },
    reportUnlocked() {
      if (unlocked === 0) return;
      logger.warn(
        { allocations: unlocked },
        'Key memory could not be locked and may be swapped to disk; raise the memlock limit (ulimit -l)',
      );
      unlocked = 0;
    },
  };
}
