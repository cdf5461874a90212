import { useRef, useState } from 'react';
import type { ShownMessage } from '../../../client/index.ts';
import { Icon } from '../icon.tsx';
import { useFocusBack } from './use-focus-back.ts';

type MessageToolsProps = {
  message: ShownMessage;
  id: string;
  mine: boolean;
  mayRemove: boolean;
  setEditing: (on: boolean) => void;
  remove: (id: string) => void;
};

/** What one may do with a message that the server has. */
export function MessageTools({ message, id, mine, mayRemove, setEditing, remove }: MessageToolsProps) {
  const [asking, setAsking] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  useFocusBack(whole, asking, '[data-tool=delete]');
  const what = startOf(message.content);
  if (asking) {
    return (
      // biome-ignore lint/a11y/useSemanticElements: a fieldset is no help for two buttons in a line
      <div
        key="asking"
        className="message-tools message-tools-asking"
        role="group"
        aria-label={`Delete for everybody: ${what}`}
        onKeyDown={(event) => event.key === 'Escape' && setAsking(false)}
      >
        <button
          type="button"
          className="button button-bad"
          // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that was pressed
          autoFocus
          onClick={() => {
            // It goes with its message, the focus must not.
            document.getElementById('message')?.focus();
            remove(id);
          }}
        >
          Delete
        </button>
        <button type="button" className="button" onClick={() => setAsking(false)}>
          Keep
        </button>
      </div>
    );
  }
  return (
    <div key="tools" className="message-tools" ref={whole}>
      {mine && (
        <button
          type="button"
          className="icon-button icon-button-small"
          aria-label={`Edit: ${what}`}
          title="Edit"
          data-tool="edit"
          onClick={() => setEditing(true)}
        >
          <Icon name="pencil" />
        </button>
      )}
      {mayRemove && (
        <button
          type="button"
          className="icon-button icon-button-small"
          aria-label={`Delete: ${what}`}
          title="Delete"
          data-tool="delete"
          onClick={() => setAsking(true)}
        >
          <Icon name="trash" />
        </button>
      )}
    </div>
  );
}

/** Enough to tell one from another. */
function startOf(content: string): string {
  const [...characters] = content.replace(/\s+/g, ' ');
  return characters.length > 40 ? `${characters.slice(0, 39).join('')}…` : characters.join('');
}
