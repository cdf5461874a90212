import { type FormEvent, useState } from 'react';

type RenameFormProps = { name: string; rename: (name: string) => Promise<boolean> };

export function RenameForm({ name, rename }: RenameFormProps) {
  const [text, setText] = useState(name);
  const wanted = text.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void rename(wanted);
  };
  return (
    <form className="form-line" onSubmit={submit}>
      <div className="form-field">
        <label htmlFor="rename">Name of the group</label>
        <input
          id="rename"
          className="field"
          autoComplete="off"
          maxLength={100}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <button type="submit" className="button" disabled={wanted === '' || wanted === name}>
        Rename
      </button>
    </form>
  );
}
