import { type FormEvent, type KeyboardEvent, useState } from 'react';
import { Icon } from '../icon.tsx';
import { usePeople } from '../people.tsx';
import { storeDraft, storedDraft } from './drafts.ts';
import { isEnter, maxMessageLength } from './keys.ts';

type ComposerProps = {
  /** Of the conversation. */
  id: string;
  title: string;
  /** Called with each key. */
  typing: () => void;
  send: (content: string) => void;
};

/** Enter sends, Shift+Enter begins a new line. */
export function Composer({ id, title, typing, send }: ComposerProps) {
  const { user } = usePeople().me;
  const [text, setText] = useState(() => storedDraft(user, id));
  const write = (next: string) => {
    setText(next);
    storeDraft(user, id, next);
  };
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() === '') return;
    send(text.trim());
    write('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isEnter(event)) return;
    event.preventDefault();
    submit();
  };
  return (
    <form className="composer" onSubmit={submit}>
      <label className="hidden" htmlFor="message">
        Message to {title}
      </label>
      <textarea
        id="message"
        className="field composer-text"
        rows={1}
        dir="auto"
        maxLength={maxMessageLength}
        placeholder="Write a message"
        enterKeyHint="send"
        value={text}
        onChange={(event) => {
          write(event.target.value);
          if (event.target.value !== '') typing();
        }}
        onKeyDown={onKeyDown}
      />
      <button
        type="submit"
        className="icon-button button-primary composer-send"
        aria-label="Send"
        title="Send"
        disabled={text.trim() === ''}
      >
        <Icon name="send" />
      </button>
    </form>
  );
}
