import { type FormEvent, type KeyboardEvent, useState } from 'react';
import type { ShownMessage } from '../../../client/index.ts';
import { ErrorNote } from '../error-note.tsx';
import { isEnter, maxMessageLength } from './keys.ts';

type MessageEditorProps = {
  message: ShownMessage;
  save: (content: string) => Promise<void>;
  close: () => void;
};

/** In the place of the message. Enter saves, Escape gives up. */
export function MessageEditor({ message: { content }, save, close }: MessageEditorProps) {
  const [text, setText] = useState(content);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    const next = text.trim();
    if (busy || next === '') return;
    if (next === content) {
      close();
      return;
    }
    setBusy(true);
    try {
      await save(next);
      close();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    } else if (isEnter(event)) {
      event.preventDefault();
      void submit();
    }
  };
  return (
    <form className="editor" onSubmit={submit}>
      <label className="hidden" htmlFor="edited">
        Edit the message
      </label>
      <textarea
        id="edited"
        className="field"
        rows={2}
        dir="auto"
        maxLength={maxMessageLength}
        // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that was pressed
        autoFocus
        onFocus={({ target }) => target.setSelectionRange(target.value.length, target.value.length)}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {error !== undefined && <ErrorNote error={error} doing="Saving" />}
      <div className="editor-tools">
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" className="button button-primary" disabled={text.trim() === ''} aria-busy={busy}>
          Save
        </button>
      </div>
    </form>
  );
}
