import { describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { conversationStream } from '#shared/contract/ids.ts';
import { ConversationEntry } from './conversation-entry.ts';

const carol = 'carol' as UserId;
const id = 'a'.repeat(24) as ConversationId;

/** Carol was let in by row 61, and the place was forgotten since: nobody is connected. */
function entryOfOneLife(): ConversationEntry {
  const entry = new ConversationEntry(conversationStream(id), id);
  entry.position.headRead({ epoch: 'one', seq: 61, number: 61 });
  entry.followLife();
  entry.gate.join(carol, 61);
  entry.position.forget();
  return entry;
}

describe('what is known of the members when the place was forgotten', () => {
  it.each([
    ['counts in the same life', 'one', true],
    ['does not in another: who was let in may never have been there', 'two', false],
  ])('%s', (_what, epoch, isOpen) => {
    const entry = entryOfOneLife();
    entry.position.headRead({ epoch, seq: 61, number: 61 });
    entry.followLife();
    entry.gate.need(61);
    expect(entry.gate.isOpen).toBe(isOpen);
    // He is asked about, and not taken for gone.
    expect(entry.gate.asked).toEqual([carol]);
  });
});
