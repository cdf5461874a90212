import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { targetTypes, type UserInteractionEvent, userActionTypes } from '#shared/contract/user-interaction-event.ts';
import { decide } from './decide.ts';

const event: UserInteractionEvent = {
  userId: 'bob' as UserId,
  targetId: 'post-1',
  targetType: 'Post',
  actionType: 'Like',
  actorName: 'Bob',
  actorAvatar: 'https://x/b.png',
  targetUserId: 'alice' as UserId,
};

describe('decide', () => {
  it.each(['Like', 'Comment', 'Reply'] as const)('tells the recipient of a %s', (actionType) => {
    expect(decide({ ...event, actionType })).toEqual({
      notify: {
        recipientId: 'alice',
        actorId: 'bob',
        actorName: 'Bob',
        actorAvatar: 'https://x/b.png',
        entityId: 'post-1',
        entityType: 'Post',
        type: actionType,
      },
    });
  });

  it.each(userActionTypes.filter((action) => !['Like', 'Comment', 'Reply'].includes(action)))(
    'tells nobody of a %s',
    (actionType) => {
      expect(decide({ ...event, actionType })).toEqual({ drop: 'not_notifiable' });
    },
  );

  it('names an actor without a name Unknown, and shows no avatar for one without', () => {
    expect(decide({ ...event, actorName: null, actorAvatar: null })).toMatchObject({
      notify: { actorName: 'Unknown', actorAvatar: '' },
    });
  });

  it('never tells people of what they did themselves, nor anybody without a recipient', () => {
    expect(decide({ ...event, userId: 'alice' as UserId })).toEqual({ drop: 'self' });
    expect(decide({ ...event, targetUserId: null })).toEqual({ drop: 'no_recipient' });
    const people = fc.constantFrom('alice', 'bob', 'carol') as fc.Arbitrary<UserId>;
    fc.assert(
      fc.property(
        fc.record({
          userId: people,
          targetUserId: fc.option(people),
          actionType: fc.constantFrom(...userActionTypes),
          targetType: fc.constantFrom(...targetTypes),
        }),
        (change) => {
          const decision = decide({ ...event, ...change });
          if (!('notify' in decision)) return;
          expect(decision.notify.recipientId).toBe(change.targetUserId);
          expect(decision.notify.actorId).not.toBe(decision.notify.recipientId);
        },
      ),
    );
  });
});
