import { type FormEvent, useState } from 'react';
import { PeoplePicker } from './people-picker.tsx';

type AddPeopleProps = { without: readonly string[]; add: (users: readonly string[]) => Promise<boolean> };

export function AddPeople({ without, add }: AddPeopleProps) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  // Whoever was added writes the next ids into an empty field.
  const [round, setRound] = useState(0);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await add(chosen))) return;
    setChosen([]);
    setRound(round + 1);
  };
  return (
    <form className="form" onSubmit={submit}>
      <PeoplePicker key={round} legend="Add people" without={without} chosen={chosen} choose={setChosen} />
      <button type="submit" className="button" disabled={chosen.length === 0}>
        Add
      </button>
    </form>
  );
}
