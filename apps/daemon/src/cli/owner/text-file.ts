import { closeSync, constants, fstatSync, openSync, readSync, type Stats, writeFileSync } from 'node:fs';
import { isSystemError } from '../../system-error.ts';
import { usageError } from '../usage-error.ts';

/** Longest file that is read, bytes: the largest body a request may have. */
const MAX_BYTES = 65_536;

/**
 * Reads a small regular file. Never waits for one that is a pipe.
 * @param check looks at the very file that is read, before it is
 * @throws CliError naming the option
 */
export function readSmallFile(path: string, option: string, check?: (stats: Stats) => void): Uint8Array {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw usageError(`The file ${path} (from ${option}) cannot be read (${error.code}).`);
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw usageError(`${path} (from ${option}) is not a file.`);
    check?.(stats);
    const bytes = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length <= MAX_BYTES; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, null);
    }
    if (length > MAX_BYTES) throw usageError(`The file ${path} (from ${option}) is larger than ${MAX_BYTES} bytes.`);
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/** Reads a small UTF-8 file to the byte. @throws CliError naming the option */
export function readTextFile(path: string, option: string): string {
  const bytes = readSmallFile(path, option);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw usageError(`The file ${path} (from ${option}) is not UTF-8.`);
    throw error;
  }
}

/**
 * Reads a message to sign. Editors and shells end a file with a line feed that the message does not have; one is taken
 * away.
 * @throws CliError
 */
export const readMessageFile = (path: string, option: string): string => readTextFile(path, option).replace(/\n$/, '');

/**
 * Writes a text to a file that must not be there yet, for nobody else to read: a predictable file that somebody put there
 * before could be swapped between writing and signing (03 §18).
 * @throws CliError
 */
export function writeNewFile(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) throw usageError(`${path} is there already; give the name of a new file.`);
    if (isSystemError(error)) throw usageError(`The file ${path} cannot be written (${error.code}).`);
    throw error;
  }
}
