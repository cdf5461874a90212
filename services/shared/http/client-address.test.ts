import type { IncomingMessage } from 'node:http';
import { describe, expect, it, test } from 'vitest';
import { ConfigError } from '#shared/runtime/config.ts';
import { addressKey, clientAddress, createTrustedProxies } from './client-address.ts';

const proxies = createTrustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);

function addressOf(remoteAddress: string, forwarded?: string): string {
  const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } };
  return clientAddress(request as unknown as IncomingMessage, proxies);
}

describe('the address of a client', () => {
  test.each([
    ['a stranger, whatever it says', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
    ['what a trusted proxy says', '10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['behind several of them', '10.1.2.3', '203.0.113.9, fd00::1, 192.0.2.7', '203.0.113.9'],
    ['not what the client put before', '10.1.2.3', '6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['the proxy, where it says nothing', '10.1.2.3', undefined, '10.1.2.3'],
    ['the proxy, where it says nonsense', '10.1.2.3', '203.0.113.9, unknown', '10.1.2.3'],
    ['IPv4 on a dual-stack socket', '::ffff:10.1.2.3', '::ffff:203.0.113.9', '203.0.113.9'],
    ['inside our own network', '10.1.2.3', '10.9.9.9', '10.9.9.9'],
    ['nobody', '', undefined, ''],
  ])('is %s', (_what, peer, forwarded, expected) => {
    expect(addressOf(peer, forwarded)).toBe(expected);
  });
});

describe('trusted proxies', () => {
  it.each(['10.0.0.0/33', '10.0.0', 'proxy.example', '::1/129', '10.0.0.0/8/8', '10.0.0.0/', '/8', '10.0.0.0/x'])(
    'must not be %s',
    (entry) => {
      expect(() => createTrustedProxies([entry])).toThrow(ConfigError);
    },
  );
});

test('a limit counts an IPv4 address, and the /64 of an IPv6 one', () => {
  expect(addressKey('203.0.113.9')).toBe('203.0.113.9');
  const same = ['2001:db8::1', '2001:0db8:0000:0000:1:2:3:4', '2001:DB8::ffff:0:0:1', '2001:db8::1%eth0'];
  expect([...new Set(same.map(addressKey))]).toEqual(['2001:db8:0:0::/64']);
  expect(addressKey('2001:db8:0:1::1')).toBe('2001:db8:0:1::/64');
  expect(addressKey('::1')).toBe('0:0:0:0::/64');
});
