import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCursor, parseCursor } from './cursor.ts';
import { notificationStream, type UserId, userOfNotificationStream } from './ids.ts';
import { decodePushFrame, encodePushFrame, type PushKind, pushKinds } from './push-frame.ts';
import {
  InvalidEventError,
  parseUserInteractionEvent,
  toUserInteractionPayload,
  type UserInteractionEvent,
} from './user-interaction-event.ts';

const like = {
  userId: 'bob',
  targetId: 'post-1',
  targetType: 0,
  actionType: 2,
  durationMs: 0,
  timestamp: '0001-01-01T00:00:00',
  actorName: 'Bob',
  actorAvatar: null,
  targetUserId: 'alice',
};

const parsedLike: UserInteractionEvent = {
  userId: 'bob' as UserId,
  targetId: 'post-1',
  targetType: 'Post',
  actionType: 'Like',
  actorName: 'Bob',
  actorAvatar: null,
  targetUserId: 'alice' as UserId,
};

describe('user interaction event', () => {
  it('reads what a .NET publisher writes', () => {
    expect(parseUserInteractionEvent(like)).toEqual(parsedLike);
  });

  it('reads PascalCase keys, enum names in any case, and ordinals as text', () => {
    const pascal = Object.fromEntries(
      Object.entries({ ...like, actionType: 'LIKE', targetType: '0' }).map(([key, value]) => [
        key.charAt(0).toUpperCase() + key.slice(1),
        value,
      ]),
    );
    expect(parseUserInteractionEvent(pascal)).toEqual(parsedLike);
  });

  it.each([undefined, null, ''])(
    'is nothing for us without a recipient (%j), whatever else is wrong',
    (targetUserId) => {
      expect(parseUserInteractionEvent({ targetUserId, actionType: 'nonsense' })).toBeUndefined();
    },
  );

  it.each([
    ['an unknown action', { actionType: 99 }],
    ['a negative ordinal', { actionType: -1 }],
    ['a fraction', { actionType: 2.5 }],
    ['an unknown name', { actionType: 'Poke' }],
    ['a target type of another shape', { targetType: { $ne: null } }],
    ['an actor of another shape', { userId: { $ne: null } }],
    ['no actor', { userId: '' }],
    ['a recipient of another shape', { targetUserId: ['alice'] }],
    ['a recipient of 257 characters', { targetUserId: 'a'.repeat(257) }],
    ['a recipient with half a character', { targetUserId: 'a\ud800' }],
    ['a target that is no string', { targetId: 5 }],
    ['a name that is no string', { actorName: 5 }],
    ['a huge avatar', { actorAvatar: 'a'.repeat(4097) }],
    ['a prototype name as enum', { actionType: 'constructor' }],
  ])('refuses %s', (_what, change) => {
    expect(() => parseUserInteractionEvent({ ...like, ...change })).toThrow(InvalidEventError);
  });

  it('accepts a recipient of 256 characters', () => {
    expect(parseUserInteractionEvent({ ...like, targetUserId: 'a'.repeat(256) })?.targetUserId).toHaveLength(256);
  });

  it('comes back from its payload', () => {
    expect(parseUserInteractionEvent(toUserInteractionPayload(parsedLike, new Date(0)))).toEqual(parsedLike);
  });
});

describe('cursor', () => {
  it('comes back from its text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), fc.maxSafeNat(), (epoch, seq) => {
        expect(parseCursor(formatCursor({ epoch, seq }))).toEqual({ epoch, seq });
        expect(parseCursor(formatCursor({ epoch, seq, since: seq }))).toEqual({ epoch, seq });
        if (seq === Number.MAX_SAFE_INTEGER) return;
        const began = { epoch, seq, since: seq + 1 };
        expect(parseCursor(formatCursor(began))).toEqual(began);
      }),
    );
  });

  it.each([
    '',
    '.',
    'e.',
    '.1',
    'e.-1',
    'e.1.2.3',
    'e.1.',
    'e.1.-2',
    'e.1.zzzzzzzzzzz',
    'e.zzzzzzzzzzz',
    'e/x.1',
    `${'e'.repeat(65)}.1`,
  ])('refuses %j', (text) => {
    expect(parseCursor(text)).toBeUndefined();
  });
});

describe('stream names', () => {
  it('give the user back, whatever the id holds', () => {
    for (const user of ['alice', 'a:b', 'notifications:x', 'é 😀'] as UserId[]) {
      expect(userOfNotificationStream(notificationStream(user))).toBe(user);
    }
  });

  it.each(['notifications:', 'conversation:1', ''])('of another kind are nobody (%j)', (stream) => {
    expect(userOfNotificationStream(stream)).toBeUndefined();
  });
});

describe('push frame', () => {
  const frame = {
    stream: notificationStream('Zoë' as UserId),
    epoch: 'e1',
    kind: 'notification' as const,
    seq: 2 ** 40 + 1,
    number: 7,
    members: 3,
    body: Buffer.from('{"id":"é"}'),
  };

  it('comes back from its bytes, for every kind', () => {
    for (const kind of Object.keys(pushKinds) as PushKind[]) {
      expect(decodePushFrame(encodePushFrame({ ...frame, kind }))).toEqual({ ...frame, kind });
      const withNews = { ...frame, kind, news: { seq: 8, body: Buffer.from('{"id":"ü"}') } };
      expect(decodePushFrame(encodePushFrame(withNews))).toEqual(withNews);
    }
  });

  it('whose news are cut short or have no place is not decoded', () => {
    const news = { seq: 8, body: Buffer.from('{"id":"ü"}') };
    const bytes = encodePushFrame({ ...frame, news });
    for (let length = 0; length < bytes.length - frame.body.length; length += 1) {
      expect(decodePushFrame(bytes.subarray(0, length))).toBeUndefined();
    }
    expect(decodePushFrame(encodePushFrame({ ...frame, news: { ...news, seq: 1.5 } }))).toBeUndefined();
    expect(decodePushFrame(bytes)?.news).toEqual(news);
  });

  it('of another version, another kind or cut short is not decoded', () => {
    const bytes = encodePushFrame(frame);
    const otherVersion = Buffer.from(bytes);
    otherVersion[0] = 3;
    const otherKind = Buffer.from(bytes);
    otherKind[1] = 99;
    expect(decodePushFrame(otherVersion)).toBeUndefined();
    expect(decodePushFrame(otherKind)).toBeUndefined();
    for (let length = 0; length < bytes.length - frame.body.length; length += 1) {
      expect(decodePushFrame(bytes.subarray(0, length))).toBeUndefined();
    }
  });

  it('of random bytes never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void decodePushFrame(bytes)));
  });
});
