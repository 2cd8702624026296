/*
 * What a signature is bound to (03 §5.4). Hashes are handed in, so that a browser can make them with WebCrypto and a
 * daemon with its own library.
 */

/** What a signature over one transaction is bound to. */
export const transactionResource = (transactionId: string): string => `urn:waiaas:tx:${transactionId}`;

/**
 * What a signature over a new session is bound to.
 * @param constraintsHash SHA-256, lower-case hex, of the canonical JSON of the constraints, the session's life included
 */
export const sessionResource = (agentId: string, constraintsHash: string): string =>
  `urn:waiaas:session:${agentId}:sha256:${constraintsHash}`;

/**
 * What a signature over any other request is bound to.
 * @param hash SHA-256, lower-case hex, of `requestPreimage` followed by the body to the byte
 */
export const requestResource = (hash: string): string => `urn:waiaas:req:sha256:${hash}`;

/**
 * What stands before the body in the hash of a request: ASCII.
 * @param method in capitals
 * @param path as in the request line: the path, and the query where there is one
 * @throws TypeError for a method or a path that could not be told apart from what follows it
 */
export function requestPreimage(method: string, path: string): string {
  if (!/^[A-Z]+$/.test(method)) throw new TypeError('A method must be in capitals');
  if (!/^\/[\x21-\x7e]*$/.test(path)) throw new TypeError('A path must start with a slash and be printable ASCII');
  return `${method}\n${path}\n`;
}
