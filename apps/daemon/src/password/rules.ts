/** Bounds of a new master password, characters (00 §3). */
export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 128;

/**
 * What is wrong with a new master password, or null. It travels in an HTTP header, so it is printable ASCII without
 * spaces at its edges, which headers drop (00 §3). The text never quotes the password.
 */
export function newPasswordProblem(password: string): string | null {
  if (password.length < PASSWORD_MIN) {
    return `The master password must have at least ${PASSWORD_MIN} characters; this one has ${password.length}.`;
  }
  if (password.length > PASSWORD_MAX) {
    return `The master password must have at most ${PASSWORD_MAX} characters; this one has ${password.length}.`;
  }
  if (!/^[\x20-\x7e]+$/.test(password)) {
    return 'The master password must consist of printable ASCII characters (letters, digits, punctuation, inner spaces).';
  }
  if (password !== password.trim()) return 'The master password must not begin or end with a space.';
  return null;
}
