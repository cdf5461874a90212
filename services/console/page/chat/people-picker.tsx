import { useId } from 'react';
import { Avatar } from '../avatar.tsx';
import { usePeople } from '../people.tsx';

type PeoplePickerProps = {
  legend: string;
  /** Not offered. */
  without: readonly string[];
  chosen: readonly string[];
  choose: (users: readonly string[]) => void;
};

/** Demo people to tick; beside real servers ids to write, since nobody knows who there is. */
export function PeoplePicker({ legend, without, chosen, choose }: PeoplePickerProps) {
  const { others } = usePeople();
  const id = useId();
  if (!others) {
    return (
      <div className="form-field">
        <label htmlFor={id}>{legend}: user ids, one on each line</label>
        <textarea
          id={id}
          className="field"
          rows={3}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="none"
          onChange={({ target }) => choose(idsIn(target.value))}
        />
      </div>
    );
  }
  const offered = others.filter(({ user }) => !without.includes(user));
  return (
    <fieldset className="form-field">
      <legend>{legend}</legend>
      {offered.length === 0 && <p className="fine">Everybody is in already.</p>}
      {offered.map(({ user, name, avatar }) => (
        <label key={user} className="choice">
          <input
            type="checkbox"
            checked={chosen.includes(user)}
            onChange={({ target }) =>
              choose(target.checked ? [...chosen, user] : chosen.filter((each) => each !== user))
            }
          />
          <Avatar user={user} name={name} url={avatar} size={28} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

function idsIn(text: string): string[] {
  const ids = text.split('\n').map((line) => line.trim());
  return [...new Set(ids.filter((id) => id !== ''))];
}
