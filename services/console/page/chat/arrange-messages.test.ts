import { describe, expect, it } from 'vitest';
import type { ParticipantDto } from '#shared/contract/chat-dto.ts';
import type { ShownMessage } from '../../../client/index.ts';
import { arrangeMessages, receiptsOf } from './arrange-messages.ts';

const noon = new Date(2026, 10, 25, 12).getTime();

function message(number: number, senderId: string, minute: number, type = 0): ShownMessage {
  const createdAt = new Date(noon + minute * 60_000).toISOString();
  return { key: `m${number}`, number, senderId, createdAt, type } as ShownMessage;
}

describe('messages are drawn', () => {
  it('with a day before the first of each day', () => {
    const entries = arrangeMessages([message(1, 'bob', 0), message(2, 'bob', 24 * 60), message(3, 'bob', 24 * 60 + 1)]);
    expect(entries.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'day day m1',
      'message m1',
      'day day m2',
      'message m2',
      'message m3',
    ]);
  });

  it('together when one person wrote them in one go', () => {
    const opening = arrangeMessages([
      message(1, 'bob', 0),
      message(2, 'bob', 4),
      message(3, 'alice', 4),
      message(4, 'bob', 5),
      message(5, 'bob', 10),
      message(6, 'bob', 10, 3),
      message(7, 'bob', 10),
    ]).flatMap((entry) => (entry.kind === 'message' && entry.opens ? [entry.key] : []));
    expect(opening).toEqual(['m1', 'm3', 'm4', 'm5', 'm7']);
  });
});

describe('a receipt', () => {
  const member = (userId: string, readThrough: number, minute = -60) =>
    ({ userId, readThrough, joinedAt: new Date(noon + minute * 60_000).toISOString() }) as unknown as ParticipantDto;
  const messages = [message(1, 'alice', 0), message(2, 'bob', 1), message(3, 'alice', 2), message(4, 'alice', 3)];
  const receipts = (...members: ParticipantDto[]) => Object.fromEntries(receiptsOf(messages, members, 'alice'));

  it('stands at the newest own message that somebody has read', () => {
    expect(receipts(member('bob', 2), member('carol', 4), member('dave', 9))).toEqual({
      m1: ['bob'],
      m4: ['carol', 'dave'],
    });
  });

  it('is none of who has read nothing, of oneself, and of what was written before somebody came', () => {
    expect(receipts(member('bob', 0), member('alice', 4), member('dave', 4, 10))).toEqual({});
  });
});
