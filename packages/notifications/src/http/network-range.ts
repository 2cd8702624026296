import { isIP } from 'node:net';

/** Whether a text is a network such as `192.168.1.0/24`, or a single address. */
export function isNetworkRange(text: string): boolean {
  const [network = '', prefix, ...rest] = text.split('/');
  const family = isIP(network);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
