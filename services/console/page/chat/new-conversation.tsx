import { type FormEvent, useState } from 'react';
import type { RealtimeClient, NewConversation as Wanted } from '../../../client/index.ts';
import { hashOf, type Place } from '../address.ts';
import { Avatar } from '../avatar.tsx';
import { ErrorNote } from '../error-note.tsx';
import { Icon } from '../icon.tsx';
import { usePeople } from '../people.tsx';
import { PeoplePicker } from './people-picker.tsx';

type NewConversationProps = { client: RealtimeClient; place: Place };

const kinds = { private: 'One person', group: 'Group' } as const;
type Kind = keyof typeof kinds;

export function NewConversation({ client, place }: NewConversationProps) {
  const [kind, setKind] = useState<Kind>('private');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const start = async (wanted: Wanted) => {
    if (busy) return;
    setBusy(true);
    try {
      location.hash = hashOf({ ...place, conversation: await client.chat.create(wanted) });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <section className="conversation new-conversation" aria-labelledby="conversation-heading">
      <header className="conversation-head">
        <a
          className="icon-button conversation-back"
          href={hashOf({ ...place, conversation: undefined })}
          aria-label="All conversations"
          title="All conversations"
        >
          <Icon name="back" />
        </a>
        <h2 id="conversation-heading" tabIndex={-1}>
          New conversation
        </h2>
      </header>
      <div className="new-conversation-body" aria-busy={busy}>
        <fieldset className="segments">
          <legend className="hidden">With</legend>
          {(Object.keys(kinds) as Kind[]).map((each) => (
            <label key={each} className="segment">
              <input type="radio" name="kind" checked={kind === each} onChange={() => setKind(each)} />
              {kinds[each]}
            </label>
          ))}
        </fieldset>
        {error !== undefined && <ErrorNote error={error} doing="Starting the conversation" />}
        {kind === 'private' ? <Pair start={start} /> : <Group start={start} />}
      </div>
    </section>
  );
}

function Pair({ start }: { start: (wanted: Wanted) => void }) {
  const { others } = usePeople();
  const [user, setUser] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start({ kind: 'private', with: user.trim() });
  };
  if (!others) {
    return (
      <form className="form" onSubmit={submit}>
        <div className="form-field">
          <label htmlFor="other">User id</label>
          <input
            id="other"
            className="field"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={256}
            value={user}
            onChange={(event) => setUser(event.target.value)}
          />
        </div>
        <button type="submit" className="button button-primary" disabled={user.trim() === ''}>
          Start
        </button>
      </form>
    );
  }
  return (
    <ul className="people">
      {others.map((person) => (
        <li key={person.user}>
          <button type="button" className="person" onClick={() => start({ kind: 'private', with: person.user })}>
            <Avatar user={person.user} name={person.name} url={person.avatar} />
            <span className="person-name">{person.name}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Group({ start }: { start: (wanted: Wanted) => void }) {
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const named = name.trim();
    start({ kind: 'group', with: chosen, ...(named !== '' && { name: named }) });
  };
  return (
    <form className="form" onSubmit={submit}>
      <div className="form-field">
        <label htmlFor="group-name">Name of the group</label>
        <input
          id="group-name"
          className="field"
          autoComplete="off"
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <PeoplePicker legend="People" without={[]} chosen={chosen} choose={setChosen} />
      <button type="submit" className="button button-primary" disabled={chosen.length === 0}>
        Start group
      </button>
    </form>
  );
}
