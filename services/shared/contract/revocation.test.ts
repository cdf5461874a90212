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

  const framed = (value: unknown) => Buffer.concat([Buffer.of(1), Buffer.from(JSON.stringify(value))]);
  const wrong: readonly unknown[] = [
    null,
    5,
    [],
    {},
    { kind: 'user', until: 1 },
    { kind: 'role', id: 'x', until: 1 },
    { ...token, id: `${token.id}x`, until: 1 },
    ...[1.5, '1', null, latestRevocationMs + 1].map((until) => ({ ...user, until })),
  ];

  it.each(wrong.map((value) => [JSON.stringify(value).slice(0, 80), framed(value)] as const))(
    'that hold %s are none',
    (_what, bytes) => {
      expect(decodeRevocationFrame(bytes)).toBeUndefined();
    },
  );

  it('of a later version, cut short or empty are none', () => {
    const frame = encodeRevocationFrame({ ...user, until: 1 });
    const later = Buffer.concat([Buffer.of(2), frame.subarray(1)]);
    for (const bytes of [later, frame.subarray(0, -1), Buffer.alloc(0)]) {
      expect(decodeRevocationFrame(bytes)).toBeUndefined();
    }
  });
});

it('a key tells its subject', () => {
  for (const subject of [user, token, { kind: 'token', id: 'user:x' } as const]) {
    expect(subjectOfKey(revocationKey(subject))).toEqual(subject);
  }
});
