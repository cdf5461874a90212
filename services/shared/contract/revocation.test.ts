import { describe, expect, it } from 'vitest';
import type { UserId } from './ids.ts';
import {
  decodeRevocationFrame,
  encodeRevocationFrame,
  latestRevocationMs,
  maxTokenIdLength,
  type RevocationFrame,
  revocationKey,
  subjectOfKey,
} from './revocation.ts';

const user = { kind: 'user', id: 'token:é 😀' as UserId } as const;
const token = { kind: 'token', id: 'x'.repeat(maxTokenIdLength) } as const;

describe('revocation frames', () => {
  it.each<RevocationFrame>([{ ...user, until: latestRevocationMs }, { ...token, until: 1 }, { kind: 'lifted' }])(
    'carry %j',
    (frame) => {
      expect(decodeRevocationFrame(encodeRevocationFrame(frame))).toEqual(frame);
    },
  );

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a later version', Buffer.concat([Buffer.of(2), encodeRevocationFrame({ ...user, until: 1 }).subarray(1)])],
    ['no JSON', Buffer.concat([Buffer.of(1), Buffer.from('{')])],
    ...[null, 5, [], {}, { kind: 'user', until: 1 }, { kind: 'role', id: 'x', until: 1 }].map(
      (value) => [JSON.stringify(value), Buffer.concat([Buffer.of(1), Buffer.from(JSON.stringify(value))])] as const,
    ),
    ...[1.5, '1', null, latestRevocationMs + 1].map(
      (until) =>
        [`until ${until}`, Buffer.concat([Buffer.of(1), Buffer.from(JSON.stringify({ ...user, until }))])] as const,
    ),
    [
      'a long jti',
      Buffer.concat([Buffer.of(1), Buffer.from(JSON.stringify({ ...token, id: `${token.id}x`, until: 1 }))]),
    ],
  ])('that hold %s are none', (_what, bytes) => {
    expect(decodeRevocationFrame(bytes)).toBeUndefined();
  });
});

it('a key tells its subject', () => {
  for (const subject of [user, token, { kind: 'token', id: 'user:x' } as const]) {
    expect(subjectOfKey(revocationKey(subject))).toEqual(subject);
  }
});
