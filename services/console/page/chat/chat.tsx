import { useEffect, useMemo, useRef } from 'react';
import { type ChatClientState, type NotKeptError, type RealtimeClient, RestError } from '../../../client/index.ts';
import { usePresence } from '../../../client/react/index.ts';
import { newConversation, type Place } from '../address.ts';
import { ChatTrouble } from './chat-trouble.tsx';
import { isGroup, othersIn } from './chat-wording.ts';
import { ConversationList } from './conversation-list.tsx';
import { ConversationPane } from './conversation-pane.tsx';
import { NewConversation } from './new-conversation.tsx';
import { useReader } from './use-reader.ts';

type ChatProps = {
  client: RealtimeClient;
  state: ChatClientState;
  place: Place;
  notKept: NotKeptError | undefined;
};

/** Of conversations with one person, the first so many show whether that person is there. */
const watchedRows = 100;

/** The list beside the open conversation; one of both where there is no room. */
export function Chat({ client, state, place, notKept }: ChatProps) {
  const { conversation } = place;
  useWatchedPresence(client, state, conversation);
  useFocusFollows(conversation);
  if (hasNoChat(state)) return <NoChat />;
  return (
    <div className={conversation === undefined ? 'chat' : 'chat chat-open'}>
      <ChatTrouble connection={state.connection} retry={() => client.retryNow()} notKept={notKept} />
      <ConversationList state={state} place={place} />
      {conversation === undefined && (
        <div className="conversation conversation-none">
          <p>Choose a conversation, or start a new one.</p>
        </div>
      )}
      {conversation === newConversation && <NewConversation client={client} place={place} />}
      {conversation !== undefined && conversation !== newConversation && (
        <ConversationPane key={conversation} id={conversation} client={client} state={state} place={place} />
      )}
    </div>
  );
}

/** The server knows no such route: a platform without the chat service. */
export function hasNoChat({ fault, loaded }: Pick<ChatClientState, 'fault' | 'loaded'>): boolean {
  return !loaded && fault instanceof RestError && fault.status === 404;
}

function NoChat() {
  return (
    <section className="card chat-missing" aria-labelledby="chat-missing">
      <h1 id="chat-missing">No chat here</h1>
      <p>This platform runs without the chat service. Notifications work as always.</p>
    </section>
  );
}

function useWatchedPresence(client: RealtimeClient, state: ChatClientState, open: string | undefined): void {
  const reader = useReader();
  const { conversations } = state;
  const pairs = conversations.filter((row) => !isGroup(row)).slice(0, watchedRows);
  const watched = [...conversations.filter(({ id }) => id === open), ...pairs];
  const users = [...new Set(watched.flatMap((row) => othersIn(row, reader).map(({ userId }) => userId)))];
  const key = JSON.stringify(users);
  usePresence(
    client,
    useMemo(() => JSON.parse(key) as string[], [key]),
  );
}

/** Into what was opened, and back to the row that it was opened from. Not when the page is loaded. */
function useFocusFollows(conversation: string | undefined): void {
  const before = useRef(conversation);
  useEffect(() => {
    const left = before.current;
    before.current = conversation;
    if (left === conversation) return;
    placeToBe(left, conversation)?.focus();
  }, [conversation]);
}

function placeToBe(left: string | undefined, opened: string | undefined): HTMLElement | null {
  if (opened === undefined) {
    const row = document.querySelector<HTMLElement>(`[data-conversation="${CSS.escape(left ?? '')}"]`);
    return row ?? document.getElementById('chat-heading');
  }
  // On a phone the keyboard would cover half of what somebody came to read.
  const toWrite = matchMedia('(pointer: coarse)').matches ? null : document.getElementById('message');
  return toWrite ?? document.getElementById('conversation-heading');
}
