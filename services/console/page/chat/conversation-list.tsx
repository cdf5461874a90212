import type { ChatClientState, ConversationRow } from '../../../client/index.ts';
import { hashOf, newConversation, type Place } from '../address.ts';
import { Avatar } from '../avatar.tsx';
import { ErrorNote } from '../error-note.tsx';
import { Icon } from '../icon.tsx';
import { usePeople } from '../people.tsx';
import { useNow } from '../use-now.ts';
import { ago, badgeOf } from '../wording.ts';
import { isGroup, latestInWords, othersIn, titleOf, unreadOf } from './chat-wording.ts';
import { PresenceDot, presenceInWords } from './presence-dot.tsx';
import { useReader } from './use-reader.ts';

type ConversationListProps = { state: ChatClientState; place: Place };

export function ConversationList({ state, place }: ConversationListProps) {
  const { conversations, loaded, fault, presence } = state;
  const now = useNow(30_000);
  return (
    <section className="conversations" aria-labelledby="chat-heading">
      <header className="conversations-head">
        <h1 id="chat-heading" tabIndex={-1}>
          Chat
        </h1>
        <a
          className="button"
          href={hashOf({ ...place, conversation: newConversation })}
          aria-current={place.conversation === newConversation ? 'page' : undefined}
        >
          <Icon name="plus" />
          New
        </a>
      </header>
      {fault !== undefined && <ErrorNote error={fault} doing="Reading conversations" />}
      {!loaded && fault === undefined && (
        <p className="panel-empty" role="status">
          Loading…
        </p>
      )}
      {loaded && conversations.length === 0 && (
        <div className="panel-empty">
          <Icon name="comment" />
          <p>No conversations yet.</p>
          <p className="fine">Start one: it shows up here for both of you.</p>
        </div>
      )}
      {conversations.length > 0 && (
        <ul className="conversation-rows" aria-label="Conversations, latest first">
          {conversations.map((row) => (
            <ConversationItem key={row.id} row={row} place={place} now={now} presence={presence} />
          ))}
        </ul>
      )}
    </section>
  );
}

type ConversationItemProps = {
  row: ConversationRow;
  place: Place;
  now: number;
  presence: ChatClientState['presence'];
};

function ConversationItem({ row, place, now, presence }: ConversationItemProps) {
  const reader = useReader();
  const { others = [] } = usePeople();
  const [other] = othersIn(row, reader);
  const person = isGroup(row) ? undefined : other?.userId;
  const title = titleOf(row, reader);
  const unread = unreadOf(row, reader);
  const state = person === undefined ? undefined : presence.get(person);
  const words = presenceInWords(state);
  const avatar = others.find(({ user }) => user === person)?.avatar ?? '';
  return (
    <li>
      <a
        className={unread > 0 ? 'conversation-row conversation-row-unread' : 'conversation-row'}
        href={hashOf({ ...place, conversation: row.id })}
        aria-current={place.conversation === row.id ? 'page' : undefined}
        data-conversation={row.id}
      >
        <span className="with-presence">
          <Avatar user={person ?? row.id} name={title} url={avatar} />
          <PresenceDot state={state} />
        </span>
        <span className="conversation-text">
          <span className="conversation-line">
            <strong className="conversation-title" dir="auto">
              {title}
            </strong>
            {words && <span className="hidden">{words}</span>}
            <time dateTime={row.lastMessageAt} title={new Date(row.lastMessageAt).toLocaleString()}>
              {ago(row.lastMessageAt, now)}
            </time>
          </span>
          <span className="conversation-line">
            <span className="conversation-latest" dir="auto">
              {latestInWords(row, reader)}
            </span>
            {unread > 0 && (
              <span className="count">
                {badgeOf(unread)}
                <span className="hidden"> unread</span>
              </span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
}
