import { describe, expect, it } from 'vitest';
import type { SystemMessage } from '#shared/contract/chat-dto.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { systemSentence } from './system-message.ts';

const [bob, carol] = ['bob', 'carol'] as [UserId, UserId];

describe('systemSentence', () => {
  it.each<[SystemMessage, string]>([
    [{ action: 'created' }, 'started the conversation'],
    [{ action: 'added', userIds: [bob] }, 'added 1 person'],
    [{ action: 'added', userIds: [bob, carol] }, 'added 2 people'],
    [{ action: 'removed', userIds: [bob] }, 'removed 1 person'],
    [{ action: 'left' }, 'left the conversation'],
    [{ action: 'renamed', name: 'Öther' }, 'renamed the conversation to Öther'],
    [{ action: 'role', userIds: [bob], role: 'admin' }, 'made 1 person admin'],
    [{ action: 'role', userIds: [bob], role: 'member' }, 'made 1 person member'],
  ])('of %j follows a name', (system, sentence) => {
    expect(systemSentence(system)).toBe(sentence);
  });
});
