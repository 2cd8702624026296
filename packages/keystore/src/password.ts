const MIN_LENGTH = 12;
const MAX_LENGTH = 128;

/**
 * What is wrong with a new master password, or null when it may be set: printable ASCII, 12 to 128 characters, no space
 * at either end, because it travels in an HTTP header (00 §3). A password that exists is never judged by this.
 * @example passwordProblem('correct horse battery') // null
 */
export function passwordProblem(password: string): string | null {
  if (password.length < MIN_LENGTH) return `must have at least ${MIN_LENGTH} characters`;
  if (password.length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  if (!/^[\x20-\x7e]*$/.test(password)) return 'must consist of printable ASCII characters';
  if (password.startsWith(' ') || password.endsWith(' ')) return 'must not begin or end with a space';
  return null;
}
