const UNITS = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;

/** Smallest and largest size at which the log may be rotated, bytes (01 §1.5). */
export const LOG_SIZE_MIN = UNITS.MB;
export const LOG_SIZE_MAX = UNITS.GB;

/**
 * Reads a size such as `50MB`: a whole number and KB, MB or GB, powers of 1024.
 * @returns bytes, or null when the text is not of that form or outside 1MB–1GB
 * @example parseLogSize('50MB') // 52428800
 */
export function parseLogSize(text: string): number | null {
  const match = /^([1-9][0-9]{0,8})(KB|MB|GB)$/.exec(text);
  if (match === null) return null;
  const [, digits = '', unit] = match;
  const factor = unit === 'GB' ? UNITS.GB : unit === 'MB' ? UNITS.MB : UNITS.KB;
  const bytes = Number(digits) * factor;
  return bytes >= LOG_SIZE_MIN && bytes <= LOG_SIZE_MAX ? bytes : null;
}
