import { type FormEvent, useState } from 'react';
import type { NewConversation as Wanted } from '../../../client/index.ts';
import { PeoplePicker } from './people-picker.tsx';

export function NewGroup({ start }: { start: (wanted: Wanted) => void }) {
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
