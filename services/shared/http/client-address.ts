import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { ConfigError } from '#shared/runtime/config.ts';

/** Whose `X-Forwarded-*` are believed. */
export interface TrustedProxies {
  trusts(address: string): boolean;
}

/**
 * @param entries addresses and networks: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`
 * @throws ConfigError
 */
export function createTrustedProxies(entries: readonly string[]): TrustedProxies {
  const list = new BlockList();
  const wrong: string[] = [];
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    const length = bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits);
    const fits = /^\d+$/.test(bits ?? '0') && length <= (family === 'ipv4' ? 32 : 128);
    if (isIP(address) === 0 || !fits || entry.split('/').length > 2) wrong.push(entry);
    else list.addSubnet(address, length, family);
  }
  if (wrong.length > 0) {
    throw new ConfigError(wrong.map((entry) => `a trusted proxy must be an address or a network, got ${entry}`));
  }
  return { trusts: (address) => isIP(address) !== 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6') };
}

/** The other end of the connection. */
export function peerAddress({ socket }: IncomingMessage): string {
  return plainAddress(socket.remoteAddress ?? '');
}

/** Where a request comes from: the last address on its way that no trusted proxy has. */
export function clientAddress(request: IncomingMessage, proxies: TrustedProxies): string {
  let address = peerAddress(request);
  const way = String(request.headers['x-forwarded-for'] ?? '').split(',');
  while (proxies.trusts(address)) {
    const before = plainAddress(way.pop()?.trim() ?? '');
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
}

/** Whom a limit by address counts: one IPv4 address, or the 64 bits that one IPv6 customer has at least. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('%', 1)[0]?.split('::') ?? [];
  const first = head.split(':').filter(Boolean);
  const last = tail.split(':').filter(Boolean);
  const groups = [...first, ...Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0'), ...last];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** An IPv4 address that a dual-stack socket shows as `::ffff:1.2.3.4` is that address. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? address;
}
