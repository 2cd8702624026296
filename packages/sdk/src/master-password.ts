import { localError } from './error.ts';

/** A master password as a header can carry it (00 §3). @throws WAIaaSError INVALID_ARGUMENT, without the password */
export function checkMasterPassword(password: string): string {
  if (typeof password === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(password)) return password;
  throw localError(
    'INVALID_ARGUMENT',
    'A master password has at most 128 printable ASCII characters, without spaces at its ends',
  );
}
