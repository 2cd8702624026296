import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { isNetworkRange } from './network-range.ts';

/** An address a name leads to. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Finds the addresses of a name. Injected, so that tests say where a name leads. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** Look-ups of the system that run at once. Each holds one of the process's few threads, which payments need, too. */
const LOOKUPS_AT_ONCE = 2;

/**
 * The resolver of the system. A name that is being looked up is not looked up beside that; few run at once, the others
 * wait.
 */
export function createSystemResolve(): Resolve {
  const underWay = new Map<string, Promise<readonly ResolvedAddress[]>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function look(hostname: string): Promise<readonly ResolvedAddress[]> {
    if (running >= LOOKUPS_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      const found = await lookup(hostname, { all: true, verbatim: true });
      return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  }

  return (hostname) => {
    const known = underWay.get(hostname);
    if (known !== undefined) return known;
    const answer = look(hostname).finally(() => underWay.delete(hostname));
    underWay.set(hostname, answer);
    return answer;
  };
}

/** Decides where messages may be sent. */
export interface AddressGuard {
  /**
   * The addresses of a host, all of them permitted. The caller connects to exactly these: a name that leads elsewhere the
   * next time it is asked leads nowhere.
   * @throws AddressRefused when any of them is not
   */
  addressesOf(hostname: string): Promise<readonly ResolvedAddress[]>;
}

/** A host leads to where no message may go. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

/** IPv4 ranges that are not the public internet (IANA special-purpose registry), multicast and reserved ones. */
const SPECIAL_V4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

/** What of 2000::/3, the public part of IPv6, is not public: protocol assignments, documentation, ways into IPv4. */
const SPECIAL_V6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const;

function rangeList(ranges: readonly (readonly [string, number])[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

const specialV4 = rangeList(SPECIAL_V4, 'ipv4');
const specialV6 = rangeList(SPECIAL_V6, 'ipv6');
const publicV6 = rangeList([['2000::', 3]], 'ipv6');
const loopback = rangeList([['127.0.0.0', 8]], 'ipv4');
loopback.addAddress('::1', 'ipv6');

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');

/** Addresses outside of 2000::/3 are refused, so IPv4 written as IPv6 passes in no spelling. */
function isPublic(address: string): boolean {
  if (isIPv4(address)) return !specialV4.check(address, 'ipv4');
  return publicV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6');
}

/** The host of a URL without the brackets around IPv6. */
const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/** Whether a URL's host is spelt as this machine: a loopback address, or `localhost`. */
export const isLoopbackName = (hostname: string): boolean => {
  const host = bare(hostname);
  return host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, familyOf(host)));
};

function allowList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    if (!isNetworkRange(text)) throw new TypeError('An allowed network must be an address or address/prefix');
    const [network = '', prefix] = text.split('/');
    if (prefix === undefined) list.addAddress(network, familyOf(network));
    else list.addSubnet(network, Number(prefix), familyOf(network));
  }
  return list;
}

/**
 * Keeps messages out of private networks, of this machine and of cloud metadata services, unless the operator has listed
 * them (08 §2.10). All addresses of a name must be permitted, not just one.
 *
 * @param allowedNetworks such as `192.168.1.0/24`; from the configuration file, never from a request
 */
export function createAddressGuard({
  allowedNetworks,
  resolve = createSystemResolve(),
}: {
  readonly allowedNetworks: readonly string[];
  readonly resolve?: Resolve;
}): AddressGuard {
  const allowed = allowList(allowedNetworks);
  const isPermitted = ({ address }: ResolvedAddress): boolean =>
    isIP(address) !== 0 && (allowed.check(address, familyOf(address)) || isPublic(address));

  return {
    async addressesOf(hostname) {
      const host = bare(hostname);
      const family = isIP(host);
      const addresses =
        family === 0 ? await resolve(host) : [{ address: host, family: family === 6 ? (6 as const) : (4 as const) }];
      if (addresses.length === 0) throw new AddressRefused('The host has no address');
      if (!addresses.every(isPermitted)) {
        throw new AddressRefused('The host leads to a private or reserved address that is not an allowed network');
      }
      return addresses;
    },
  };
}
