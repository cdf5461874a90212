import { describe, expect, test } from 'vitest';
import { createConnectionTokens, hashIdentity, newConnectionId } from './connection-token.ts';
import { createSealer, type TokenKeys } from './sealer.ts';

const key = (byte: number) => Buffer.alloc(32, byte);
const token = {
  connectionId: newConnectionId(),
  worker: { id: 'pod-1', address: 'https://10.0.0.1:8443' },
  issuedAt: 1_795_000_000_000,
  identityHash: hashIdentity('alice'),
};
const tokensWith = (keys: TokenKeys) => createConnectionTokens(createSealer(keys));
const old = tokensWith({ current: 'a', keys: new Map([['a', key(1)]]) });
const rotated = tokensWith({
  current: 'b',
  keys: new Map([
    ['a', key(1)],
    ['b', key(2)],
  ]),
});
const finished = tokensWith({ current: 'b', keys: new Map([['b', key(2)]]) });

describe('a connection token', () => {
  test('opens to what was sealed, under the current key and an older one that is still there', () => {
    expect(old.open('/hubs/a', old.seal('/hubs/a', token))).toEqual(token);
    expect(rotated.open('/hubs/a', old.seal('/hubs/a', token))).toEqual(token);
    expect(finished.open('/hubs/a', rotated.seal('/hubs/a', token))).toEqual(token);
    expect(finished.open('/hubs/a', old.seal('/hubs/a', token))).toBeUndefined();
  });

  test('tells of a worker that others cannot reach', () => {
    const unreached = { ...token, worker: { id: 'pod-2', address: undefined } };
    expect(old.open('/hubs/a', old.seal('/hubs/a', unreached))).toEqual(unreached);
  });

  test('opens on its own hub only', () => {
    expect(old.open('/hubs/b', old.seal('/hubs/a', token))).toBeUndefined();
  });

  test('fits into a URL, is never the same twice and shows nothing', () => {
    const sealed = old.seal('/hubs/a', token);
    expect(encodeURIComponent(sealed)).toBe(sealed);
    expect(old.seal('/hubs/a', token)).not.toBe(sealed);
    const bytes = Buffer.from(sealed.slice(2), 'base64url').toString('latin1');
    for (const secret of [token.connectionId, 'pod-1', '10.0.0.1']) expect(bytes).not.toContain(secret);
  });

  test('does not open when any bit is changed, cut or added', () => {
    const sealed = old.seal('/hubs/a', token);
    const bytes = Buffer.from(sealed.slice(2), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(old.open('/hubs/a', `a.${forged.toString('base64url')}`)).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(old.open('/hubs/a', `a.${bytes.subarray(0, length).toString('base64url')}`)).toBeUndefined();
    }
    expect(old.open('/hubs/a', `${sealed}AAAA`)).toBeUndefined();
    for (const nonsense of ['', '.', 'a', 'a.', 'b.AAAA', '.AAAA', `a.${'A'.repeat(5000)}`]) {
      expect(old.open('/hubs/a', nonsense)).toBeUndefined();
    }
  });
});

test('unusable keys are refused at once', () => {
  expect(() => createSealer({ current: 'x', keys: new Map([['a', key(1)]]) })).toThrow('current version x');
  expect(() => createSealer({ current: 'a', keys: new Map([['a', Buffer.alloc(31)]]) })).toThrow('32 bytes');
  expect(() => createSealer({ current: 'a.b', keys: new Map([['a.b', key(1)]]) })).toThrow('key version');
});
