import { type FormEvent, useState } from 'react';
import type { NewConversation as Wanted } from '../../../client/index.ts';
import { Avatar } from '../avatar.tsx';
import { usePeople } from '../people.tsx';

/** A demo person to press; beside real servers an id to write. */
export function NewPair({ start }: { start: (wanted: Wanted) => void }) {
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
