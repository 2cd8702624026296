import { describe, expect, test } from 'vitest';
import { createAddressGuard, isLoopbackName } from './address-guard.ts';
import { isNetworkRange } from './network-range.ts';

const nobody = createAddressGuard({ allowedNetworks: [], resolve: async () => [] });
const leadingTo = (...addresses: string[]) =>
  createAddressGuard({
    allowedNetworks: [],
    resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  });
/** The host of a URL, as the client hands it over. */
const host = (url: string): string => new URL(url).hostname;

describe('what a URL says outright', () => {
  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.0.0.1./',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://169.254.169.254/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://198.18.0.1/',
    'http://[2001:db8::1]/',
    'http://[2001:0:7f00:1::]/',
    'http://[ff02::1]/',
  ])('%s is refused', async (url) => {
    await expect(nobody.addressesOf(host(url))).rejects.toThrow('private or reserved');
  });

  test.each(['8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.1', '100.128.0.1', '2606:4700::1111'])(
    '%s is the public internet',
    async (address) => {
      expect(await nobody.addressesOf(address)).toHaveLength(1);
    },
  );
});

describe('what a name leads to', () => {
  test('all of it must be permitted, not just the first', async () => {
    await expect(leadingTo('8.8.8.8', '127.0.0.1').addressesOf('a.example')).rejects.toThrow('private');
    await expect(leadingTo('2606:4700::1111', 'fd00::1').addressesOf('a.example')).rejects.toThrow('private');
    expect(await leadingTo('8.8.8.8', '2606:4700::1111').addressesOf('a.example')).toHaveLength(2);
  });

  test('nothing, or no address at all, is refused', async () => {
    await expect(nobody.addressesOf('a.example')).rejects.toThrow('no address');
    await expect(leadingTo('not an address').addressesOf('a.example')).rejects.toThrow('private');
  });
});

describe('networks that are allowed', () => {
  const guard = createAddressGuard({ allowedNetworks: ['192.168.7.0/24', '127.0.0.1', 'fd12::/16'] });

  test.each(['192.168.7.200', '127.0.0.1', 'fd12::9', '::ffff:192.168.7.1'])('%s is in one', async (address) => {
    expect(await guard.addressesOf(address)).toHaveLength(1);
  });

  test.each(['192.168.8.1', '127.0.0.2', 'fd13::9', '169.254.169.254'])('%s is in none', async (address) => {
    await expect(guard.addressesOf(address)).rejects.toThrow('private');
  });

  test('are written as such', () => {
    for (const text of ['10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8']) expect(isNetworkRange(text)).toBe(true);
    for (const text of ['', 'localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/-1'])
      expect(isNetworkRange(text)).toBe(false);
    expect(() => createAddressGuard({ allowedNetworks: ['everything'] })).toThrow(TypeError);
  });
});

test('only this machine itself is spelt like it', () => {
  for (const name of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]']) expect(isLoopbackName(name)).toBe(true);
  for (const name of ['localhost.example', '10.0.0.1', 'example.com', '[::2]'])
    expect(isLoopbackName(name)).toBe(false);
});
