import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { formatPlace, parseConversationPlace, parseMemberPlace } from './list-place.ts';
import { formatSyncToken, parseSyncToken } from './sync-token.ts';

const time = fc.integer({ min: 0, max: 8_640_000_000_000_000 });
const conversation = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value) => value.toString(16).padStart(24, '0') as ConversationId);
const epoch = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

describe('what clients hand back', () => {
  it('is the sync token that they got', () => {
    const after = fc.option(fc.record({ changedAt: time, id: conversation }), { nil: undefined });
    fc.assert(
      fc.property(fc.record({ epoch, since: time, next: time, after }), (token) => {
        expect(parseSyncToken(formatSyncToken(token))).toEqual(token);
      }),
    );
  });

  it('is the place in a list that they got', () => {
    const user = fc.string({ unit: 'binary', minLength: 1, maxLength: 256 }).filter((id) => id.length <= 256);
    fc.assert(
      fc.property(time, conversation, user, (at, id, userId) => {
        expect(parseConversationPlace(formatPlace(at, id))).toEqual({ lastMessageAt: at, id });
        expect(parseMemberPlace(formatPlace(at, userId as UserId))).toEqual({ joinedAt: at, userId });
      }),
    );
  });

  it('is refused when they made it up', () => {
    for (const text of [
      '',
      'x',
      'a.b',
      'e.1.2.3',
      'e.1.2.3.x',
      `e.1.2.3.${'0'.repeat(25)}`,
      'e.-1.2',
      'e.1.2.',
      '..',
    ]) {
      expect(parseSyncToken(text), text).toBeUndefined();
    }
    for (const text of ['', '1', '1.', '.MQ', '1.*', `1.${'A'.repeat(1_401)}`, '1.MQ']) {
      expect(parseConversationPlace(text), text).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseSyncToken(text);
        parseConversationPlace(text);
        parseMemberPlace(text);
      }),
    );
  });
});
