import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { connect, indexedDbOutgoingStore, readersOf, visibleRows } from '../index.ts';
import { useConversation, useConversations, useNotifications } from './index.ts';

/** A page as an application would write it: `?platform=&user=&transport=&share=`. */
const query = new URLSearchParams(location.search);
const url = query.get('platform') ?? '';
const user = query.get('user') ?? '';

const client = connect({
  url,
  async token() {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/demo/sign-in`, { method: 'POST', headers, body: JSON.stringify({ user }) });
    return ((await response.json()) as { token: string }).token;
  },
  transport: query.get('transport') === 'socket.io' ? 'socket.io' : 'signalr',
  shareTabs: query.has('share'),
  user,
  outgoing: indexedDbOutgoingStore({ user }),
  backoff: { baseMs: 50, capMs: 500 },
});
Object.assign(globalThis, { client });

function App() {
  const { conversations, connection } = useConversations(client);
  const { list } = useNotifications(client);
  const [id, setId] = useState(location.hash.slice(1));
  return (
    <>
      <p id="connection" title={'reason' in connection ? connection.reason : undefined}>
        {connection.state}
      </p>
      <p id="notifications">{visibleRows(list).length}</p>
      <ul id="conversations">
        {conversations.map((each) => (
          <li key={each.id}>
            <button type="button" onClick={() => setId(each.id)}>
              {each.name} {each.unreadCount}
            </button>
          </li>
        ))}
      </ul>
      {id && <Talk key={id} id={id} />}
      <button type="button" onClick={() => setId('')}>
        close
      </button>
    </>
  );
}

function Talk({ id }: { id: string }) {
  const { conversation, messages, typing, loaded, actions } = useConversation(client, id);
  const [text, setText] = useState('');
  return (
    <form
      data-loaded={loaded}
      onSubmit={(event) => {
        event.preventDefault();
        actions.send(text);
        setText('');
      }}
    >
      <ol id="messages">
        {messages
          .filter(({ system, deleted }) => !system && !deleted)
          .map((each) => (
            <li key={each.key} data-delivery={each.delivery}>
              {each.content}
              {conversation && each.id && ` read by ${readersOf(each, conversation).length}`}
            </li>
          ))}
      </ol>
      <p id="typing">{typing.join()}</p>
      <input
        aria-label="message"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          actions.typing();
        }}
      />
      <button type="button" onClick={() => void actions.markRead()}>
        read
      </button>
    </form>
  );
}

createRoot(document.getElementById('root') ?? document.body).render(<App />);
