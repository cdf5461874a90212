import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cursorOf, hasGap } from '../stream/stream-place.ts';
import {
  hasMessages,
  type MessageList,
  messagesFrom,
  visibleMessages,
  visibleTombstones,
  withMessageChange,
  withMessageFeed,
  withMessagePage,
} from './message-list.ts';
import { type Act, conversationId, message, SimulatedConversation } from './simulated-conversation.fixture.ts';

const contents = (list: MessageList) => visibleMessages(list).map(({ content }) => content);
const act = fc.record({
  kind: fc.constantFrom('send', 'send', 'edit', 'delete') satisfies fc.Arbitrary<Act['kind']>,
  at: fc.nat(30),
});

describe('a list of messages', () => {
  it('shows nothing older than what was loaded without a gap', () => {
    const list = withMessagePage(messagesFrom('e.3'), [message(30), message(29)], 2);
    const edited = withMessageChange(list, { kind: 'message', message: message(5, { seq: 31 }) });
    expect(visibleMessages(edited).map(({ number }) => number)).toEqual([29, 30]);
  });

  it('shows a deleted message no more, whatever comes late', () => {
    const list = withMessagePage(messagesFrom('e.2'), [message(2), message(1)], 10);
    const gone = withMessageChange(list, {
      kind: 'deleted',
      message: { id: 'id-1', conversationId, seq: 3, number: 1 },
    });
    const late = withMessageChange(gone, { kind: 'message', message: message(1, { seq: 2 }) });
    expect(visibleMessages(withMessagePage(late, [message(1)], 10)).map(({ number }) => number)).toEqual([2]);
  });

  it('leaves the place of a message that was here and is deleted, within what is loaded', () => {
    const deleted = (number: number) => ({
      kind: 'deleted' as const,
      message: { id: `id-${number}`, conversationId, seq: number + 40, number },
    });
    const list = withMessagePage(messagesFrom('e.v'), [message(30), message(29)], 2);
    const places = (of: MessageList) => visibleTombstones(of).map(({ number }) => number);
    const gone = [30, 29, 5, 33].reduce((before, number) => withMessageChange(before, deleted(number)), list);
    expect(places(gone)).toEqual([29, 30]);
    const { senderId, createdAt } = message(29);
    expect(visibleTombstones(gone)[0]).toMatchObject({ id: 'id-29', senderId, createdAt });
    expect(JSON.stringify(visibleTombstones(gone))).not.toContain('content');
    expect(places(withMessagePage(gone, [message(28), message(27)], 2))).toEqual([29, 30]);
    expect(visibleMessages(gone)).toEqual([]);
  });

  it('takes no feed of another life of the store', () => {
    const list = withMessagePage(messagesFrom('e.2'), [message(2), message(1)], 10);
    const other = withMessageFeed(list, { changes: [], cursor: 'other.9', head: 'other.9', reload: false });
    expect(cursorOf(other)).toBe('e.2');
  });
});

/** What happens to one client: pushes that come in any order, twice or never, pages and feeds that answer late. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('act' as const), act }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), back: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('ask page' as const, 'ask feed' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('answer' as const) }) },
);

const pageSize = 4;

it('every order of pushes, doubled, reordered and lost, with pages and feeds that answer late, ends in the state of the server', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 12 }), fc.array(step, { maxLength: 60 }), (before, steps) => {
      const server = new SimulatedConversation();
      for (const each of before) server.act(each);
      let list = messagesFrom(server.head);
      let answer: (() => void) | undefined;
      const ask = (what: 'ask page' | 'ask feed') => {
        const { floor } = list;
        if (what === 'ask page') {
          const page = server.page(Number.isFinite(floor) ? floor : undefined, pageSize);
          answer = () => {
            list = withMessagePage(list, page, pageSize);
          };
        } else {
          const feed = server.feed(cursorOf(list) ?? '', 3);
          answer = () => {
            list = withMessageFeed(list, feed);
          };
        }
      };
      for (const each of steps) {
        if (each.do === 'act') server.act(each.act);
        else if (each.do === 'push') {
          const change = server.changes.at(-1 - each.back);
          if (change) list = withMessageChange(list, change);
        } else if (each.do === 'answer') {
          answer?.();
          answer = undefined;
        } else if (!answer) ask(each.do);
      }
      answer?.();
      if (!hasMessages(list)) list = withMessagePage(list, server.page(undefined, pageSize), pageSize);
      while (cursorOf(list) !== server.head) list = withMessageFeed(list, server.feed(cursorOf(list) ?? '', 3));
      const loaded = server.page(undefined, 1000).filter(({ number }) => number >= list.floor);
      expect(contents(list)).toEqual(loaded.reverse().map(({ content }) => content));
      expect(hasGap(list)).toBe(false);
    }),
    { numRuns: 2000 },
  );
});
