import { readFileSync } from 'node:fs';
import { isSystemError } from '../system-error.ts';
import { PasswordError } from './password-error.ts';

/**
 * The first line of a file, without its line end (01 §1.6). Other white space belongs to the password.
 * @param named how the user named the file: the flag or the variable
 * @throws PasswordError when the file cannot be read or holds no password; there is no falling through to another source
 */
export function readPasswordFile(path: string, named: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new PasswordError(`The password file ${path} (from ${named}) cannot be read (${error.code}).`);
  }
  const [line = ''] = decode(bytes, path, named).split('\n');
  const password = line.replace(/\r+$/, '');
  if (password === '') throw new PasswordError(`The password file ${path} (from ${named}) has an empty first line.`);
  return password;
}

function decode(bytes: Buffer, path: string, named: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new PasswordError(`The password file ${path} (from ${named}) is not UTF-8.`);
  } finally {
    bytes.fill(0);
  }
}
