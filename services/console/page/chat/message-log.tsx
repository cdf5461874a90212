import { useEffect, useState } from 'react';
import type { Conversation, ConversationState } from '../../../client/index.ts';
import { ErrorNote } from '../error-note.tsx';
import { Icon } from '../icon.tsx';
import { useNow } from '../use-now.ts';
import { arrangeMessages, type Entry, receiptsOf } from './arrange-messages.ts';
import { dayInWords, isGroup, othersIn, seenInWords, systemInWords, titleOf } from './chat-wording.ts';
import { mayManage } from './may.ts';
import { Message } from './message.tsx';
import type { KeptScroll } from './use-kept-scroll.ts';
import { useReader } from './use-reader.ts';

type MessageLogProps = {
  conversation: ConversationState & { readonly actions: Conversation };
  scroll: KeptScroll;
  remove: (messageId: string) => void;
};

/** Older messages are read when the top is this near. */
const nearTopPx = 400;

/** The messages, oldest on top; older ones load on the way up. */
export function MessageLog({ conversation, scroll, remove }: MessageLogProps) {
  const { conversation: row, messages, loaded, hasMore, loadingMore, fault, actions } = conversation;
  const { box, atEnd, toEnd, onScroll } = scroll;
  const reader = useReader();
  const now = useNow(60_000);
  const [editing, setEditing] = useState<string>();
  const others = row ? othersIn(row, reader) : [];
  const receipts = receiptsOf(messages, others, reader.me);
  const manages =
    row !== undefined && mayManage(row, row.participants.find(({ userId }) => userId === reader.me)?.role);
  const unseen = row !== undefined && row.number > row.readThrough && row.lastMessageSenderId !== reader.me;

  const loadOlder = () => void actions.loadMore();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a page may be shorter than the screen, so each is a reason to look again
  useEffect(() => {
    const element = box.current;
    if (element && hasMore && fault === undefined && element.scrollHeight <= element.clientHeight) loadOlder();
  }, [hasMore, messages]);

  const drawn = (entry: Entry) => {
    if (entry.kind === 'day') {
      return (
        <li key={entry.key} className="day" data-mark="">
          <time dateTime={entry.at}>{dayInWords(entry.at, now)}</time>
        </li>
      );
    }
    const { message } = entry;
    if (entry.kind === 'system') {
      return (
        <li key={entry.key} className="system" data-mark="">
          {systemInWords(message, reader)}
        </li>
      );
    }
    const readers = receipts.get(message.key);
    return (
      <Message
        key={entry.key}
        message={message}
        opens={entry.opens}
        named={row !== undefined && isGroup(row)}
        seen={row && readers ? seenInWords(readers, row, reader) : ''}
        mayRemove={message.senderId === reader.me || manages}
        editing={editing === message.key}
        setEditing={(on) => setEditing(on ? message.key : undefined)}
        edit={(id, content) => actions.edit(id, content)}
        remove={remove}
        retry={() => actions.retry(message.key)}
        discard={() => actions.discard(message.key)}
      />
    );
  };

  return (
    <div className="log">
      <section
        ref={box}
        className="log-box"
        aria-label={row ? `Messages: ${titleOf(row, reader)}` : 'Messages'}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={() => {
          onScroll();
          if (hasMore && !loadingMore && fault === undefined && (box.current?.scrollTop ?? 0) < nearTopPx) loadOlder();
        }}
      >
        <div className="log-content">
          {fault !== undefined && loaded && hasMore && (
            <ErrorNote error={fault} doing="Reading older messages" retry={loadOlder} />
          )}
          {hasMore && (
            <button type="button" className="button load-more" disabled={loadingMore} onClick={loadOlder}>
              {loadingMore ? 'Loading…' : 'Older messages'}
            </button>
          )}
          {!loaded && fault === undefined && (
            <p className="panel-empty" role="status">
              Loading…
            </p>
          )}
          {messages.length > 0 && <ol className="messages">{arrangeMessages(messages).map(drawn)}</ol>}
        </div>
      </section>
      {!atEnd && (
        <button type="button" className={unseen ? 'button to-end to-end-new' : 'button to-end'} onClick={toEnd}>
          {unseen ? 'New messages' : 'Latest messages'}
          <Icon name="chevron" />
        </button>
      )}
    </div>
  );
}
