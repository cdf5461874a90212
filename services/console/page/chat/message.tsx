import { useRef } from 'react';
import type { ShownMessage } from '../../../client/index.ts';
import { Avatar } from '../avatar.tsx';
import { clockTime } from './chat-wording.ts';
import { Delivery, NotSent } from './delivery.tsx';
import { MessageContent } from './message-content.tsx';
import { MessageEditor } from './message-editor.tsx';
import { MessageTools } from './message-tools.tsx';
import { useFocusBack } from './use-focus-back.ts';
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
  const whole = useRef<HTMLLIElement>(null);
  useFocusBack(whole, editing, '[data-tool=edit]');
  const mine = senderId === me;
  const name = nameOf(senderId);
  const classes = ['message', mine ? 'message-mine' : 'message-theirs', ...(opens ? ['message-opens'] : [])];
  return (
    <li ref={whole} className={classes.join(' ')} data-mark="" data-delivery={delivery}>
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
        {editing && id !== undefined && !message.deleted ? (
          <MessageEditor message={message} save={(content) => edit(id, content)} close={() => setEditing(false)} />
        ) : (
          <div className="message-line">
            <div className={message.deleted ? 'bubble bubble-deleted' : 'bubble'}>
              <MessageContent message={message} />
              <p className="message-meta">
                {message.editedAt !== null && <span>edited</span>}
                <time dateTime={message.createdAt} title={new Date(message.createdAt).toLocaleString()}>
                  {clockTime(message.createdAt)}
                </time>
                {mine && !message.deleted && <Delivery state={delivery} />}
              </p>
            </div>
            {id !== undefined && !message.deleted && <MessageTools {...props} id={id} mine={mine} />}
          </div>
        )}
        {delivery === 'failed' && <NotSent {...props} />}
        {seen && <p className="seen">{seen}</p>}
      </div>
    </li>
  );
}
