/** Put in the place of a secret. */
const REDACTED = '[REDACTED]';
/** Shorter texts are no secrets, and would be found everywhere. */
const SECRET_MIN = 6;

/**
 * Makes a function that takes secrets out of a text, as they are and as URLs write them (05 §2.14).
 * @param secrets all that are in use now
 */
export function createRedactor(secrets: () => readonly string[]): (text: string) => string {
  return (text) => {
    let clean = text;
    const known = secrets().filter((secret) => secret.length >= SECRET_MIN);
    // The longest first: a secret may be part of another.
    for (const secret of [...new Set(known.flatMap((one) => [one, encodeURIComponent(one)]))].sort(
      (a, b) => b.length - a.length,
    )) {
      clean = clean.replaceAll(secret, REDACTED);
    }
    return clean;
  };
}
