import { useState } from 'react';
import type { ShownMessage } from '../../../client/index.ts';
import { Avatar } from '../avatar.tsx';
import { Icon } from '../icon.tsx';
import { clockTime } from './chat-wording.ts';
import { Delivery, NotSent } from './delivery.tsx';
import { MessageContent } from './message-content.tsx';
import { MessageEditor } from './message-editor.tsx';
import { useReader } from './use-reader.ts';

type MessageProps = {
  message: ShownMessage;
  opens: boolean;
  /** Whoever wrote it is named: more than one may have. */
  named: boolean;
  seen: string;
  mayRemove: boolean;
  editing: boolean;
  setEditing: (on: boolean) => void;
  edit: (id: string, content: string) => Promise<void>;
  remove: (id: string) => void;
  retry: () => void;
  discard: () => void;
};

export function Message(props: MessageProps) {
  const { message, opens, named, seen, editing, setEditing, edit } = props;
  const { id, senderId = '', delivery } = message;
  const { me, nameOf } = useReader();
  const mine = senderId === me;
  const name = nameOf(senderId);
  const classes = ['message', mine ? 'message-mine' : 'message-theirs', ...(opens ? ['message-opens'] : [])];
  return (
    <li className={classes.join(' ')} data-mark="" data-delivery={delivery}>
      {!mine && named && (
        <span className="message-avatar">{opens && <Avatar user={senderId} name={name} url="" size={28} />}</span>
      )}
      <div className="message-body">
        {opens && !mine && named ? (
          <p className="message-sender" dir="auto">
            {name}
          </p>
        ) : (
          <span className="hidden">{mine ? 'You' : name}: </span>
        )}
        {editing && id !== undefined ? (
          <MessageEditor message={message} save={(content) => edit(id, content)} close={() => setEditing(false)} />
        ) : (
          <div className="message-line">
            <div className="bubble">
              <MessageContent message={message} />
              <p className="message-meta">
                {message.editedAt !== null && <span>edited</span>}
                <time dateTime={message.createdAt} title={new Date(message.createdAt).toLocaleString()}>
                  {clockTime(message.createdAt)}
                </time>
                {mine && <Delivery state={delivery} />}
              </p>
            </div>
            {id !== undefined && <Tools {...props} id={id} mine={mine} />}
          </div>
        )}
        {delivery === 'failed' && <NotSent {...props} />}
        {seen && <p className="seen">{seen}</p>}
      </div>
    </li>
  );
}

function Tools({ message, id, mine, mayRemove, setEditing, remove }: MessageProps & { id: string; mine: boolean }) {
  const [asking, setAsking] = useState(false);
  const what = startOf(message.content);
  if (asking) {
    return (
      // biome-ignore lint/a11y/useSemanticElements: a fieldset is no help for two buttons in a line
      <div
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
    <div className="message-tools">
      {mine && (
        <button
          type="button"
          className="icon-button icon-button-small"
          aria-label={`Edit: ${what}`}
          title="Edit"
          data-edit={message.key}
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
          onClick={() => setAsking(true)}
        >
          <Icon name="trash" />
        </button>
      )}
    </div>
  );
}

/** Enough to tell one from another. */
export function startOf(content: string): string {
  const [...characters] = content.replace(/\s+/g, ' ');
  return characters.length > 40 ? `${characters.slice(0, 39).join('')}…` : characters.join('');
}
