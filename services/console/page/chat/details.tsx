import { useEffect, useRef, useState } from 'react';
import type { ParticipantDto } from '#shared/contract/chat-dto.ts';
import type { ChatClientState, ConversationRow, RealtimeClient } from '../../../client/index.ts';
import { hashOf, type Place } from '../address.ts';
import { ErrorNote } from '../error-note.tsx';
import { Icon } from '../icon.tsx';
import { AddPeople } from './add-people.tsx';
import { mayManage, mayRemove, maySetRoles } from './may.ts';
import { MemberRow } from './member-row.tsx';
import { RenameForm } from './rename-form.tsx';
import { useMembers } from './use-members.ts';
import { useReader } from './use-reader.ts';

type DetailsProps = {
  client: RealtimeClient;
  row: ConversationRow;
  presence: ChatClientState['presence'];
  close: () => void;
  place: Place;
};

/** Who is in a group, and what one may change about it. */
export function Details({ client, row, presence, close, place }: DetailsProps) {
  const { id } = row;
  const { me } = useReader();
  const heading = useRef<HTMLHeadingElement>(null);
  const [failure, setFailure] = useState<{ doing: string; error: unknown }>();
  const [leaving, setLeaving] = useState(false);
  const { members, error } = useMembers(client, row);
  const role = members.find(({ userId }) => userId === me)?.role;
  useEffect(() => heading.current?.focus(), []);

  const act = async (doing: string, action: Promise<void>) => {
    try {
      await action;
      setFailure(undefined);
      return true;
    } catch (fault) {
      setFailure({ doing, error: fault });
      return false;
    }
  };
  /** What is pressed may go with what it did. */
  const holdFocus = () => heading.current?.focus();
  const leave = async () => {
    if (await act('Leaving', client.chat.removeParticipant(id, me))) {
      location.hash = hashOf({ ...place, conversation: undefined });
    }
  };
  const toolsOf = (member: ParticipantDto) => {
    const { userId } = member;
    if (userId === me) return {};
    return {
      ...(mayRemove(row, role, member) && {
        remove() {
          holdFocus();
          void act('Removing', client.chat.removeParticipant(id, userId));
        },
      }),
      ...(maySetRoles(row, role) && {
        setRole: (to: ParticipantDto['role']) => void act('Changing the role', client.api.chat.setRole(id, userId, to)),
      }),
    };
  };

  return (
    <section
      id="details"
      className="details"
      aria-labelledby="details-heading"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <header className="details-head">
        <h3 id="details-heading" ref={heading} tabIndex={-1}>
          People
        </h3>
        <button type="button" className="icon-button" aria-label="Close people" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {failure && <ErrorNote {...failure} />}
      {error !== undefined && <ErrorNote error={error} doing="Reading people" />}
      {mayManage(row, role) && (
        <RenameForm
          key={row.name}
          name={row.name ?? ''}
          rename={(name) => act('Renaming', client.chat.rename(id, name))}
        />
      )}
      <ul className="members" aria-label="People in this group">
        {members.map((member) => (
          <MemberRow key={member.userId} member={member} presence={presence.get(member.userId)} {...toolsOf(member)} />
        ))}
      </ul>
      {mayManage(row, role) && (
        <AddPeople
          without={members.map(({ userId }) => userId)}
          add={async (users) => {
            holdFocus();
            return act('Adding', client.chat.addParticipants(id, users));
          }}
        />
      )}
      {leaving ? (
        <div className="leave">
          <p>Leave this group? You get no more of its messages.</p>
          {/* biome-ignore lint/a11y/noAutofocus: it takes the place of the button that was pressed */}
          <button type="button" className="button button-bad" autoFocus onClick={leave}>
            Leave
          </button>
          <button
            type="button"
            className="button"
            onClick={() => {
              holdFocus();
              setLeaving(false);
            }}
          >
            Stay
          </button>
        </div>
      ) : (
        <button type="button" className="button details-leave" onClick={() => setLeaving(true)}>
          Leave the group
        </button>
      )}
    </section>
  );
}
