import type { RefObject } from 'react';
import type { ChatClientState, ConversationRow } from '../../../client/index.ts';
import { Avatar } from '../avatar.tsx';
import { Icon } from '../icon.tsx';
import { isGroup, othersIn, titleOf } from './chat-wording.ts';
import { PresenceDot, presenceInWords } from './presence-dot.tsx';
import { useReader } from './use-reader.ts';

type ConversationHeadProps = {
  /** undefined: not known yet. */
  row: ConversationRow | undefined;
  presence: ChatClientState['presence'];
  /** Where the list is. */
  back: string;
  details: boolean;
  detailsButton: RefObject<HTMLButtonElement | null>;
  toggleDetails: () => void;
};

export function ConversationHead({
  row,
  presence,
  back,
  details,
  detailsButton,
  toggleDetails,
}: ConversationHeadProps) {
  const reader = useReader();
  const group = row !== undefined && isGroup(row);
  const [other] = row ? othersIn(row, reader) : [];
  const state = other && presence.get(other.userId);
  const title = row ? titleOf(row, reader) : '';
  return (
    <header className="conversation-head">
      <a className="icon-button conversation-back" href={back} aria-label="All conversations" title="All conversations">
        <Icon name="back" />
      </a>
      {row && (
        <span className="with-presence">
          <Avatar user={group || !other ? row.id : other.userId} name={title} url="" size={36} />
          {!group && <PresenceDot state={state} />}
        </span>
      )}
      <div className="conversation-name">
        <h2 id="conversation-heading" tabIndex={-1} dir="auto">
          {row ? title : 'Conversation'}
        </h2>
        <p className="conversation-sub">
          {group
            ? `${row.participantCount} ${row.participantCount === 1 ? 'person' : 'people'}`
            : presenceInWords(state)}
        </p>
      </div>
      {group && (
        <button
          ref={detailsButton}
          type="button"
          className="icon-button"
          aria-label="People and name"
          title="People and name"
          aria-expanded={details}
          aria-controls="details"
          onClick={toggleDetails}
        >
          <Icon name="people" />
        </button>
      )}
    </header>
  );
}
