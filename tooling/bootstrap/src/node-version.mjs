/** The Node release that is fetched when the one at hand is outside the supported range. */
export const PINNED_NODE = '24.21.0';

/** What the range below is called in messages. */
export const NODE_RANGE = '22.18 to 26';

/**
 * Reads `v24.21.0` or `24.21.0`; pre-release and build suffixes are ignored.
 *
 * @param {string} text
 * @returns {{ major: number, minor: number, patch: number } | undefined}
 */
export function parseNodeVersion(text) {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text.trim());
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/**
 * Whether the workspace runs on this Node. Below 22.18 TypeScript files do not load and native addons crash; for 27 and
 * above the native addons ship no binaries yet.
 *
 * @param {string} text for example `process.version`
 * @returns {boolean}
 */
export function isUsableNode(text) {
  const version = parseNodeVersion(text);
  if (version === undefined) return false;
  if (version.major === 22) return version.minor >= 18;
  return version.major > 22 && version.major < 27;
}
