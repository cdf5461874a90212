import type { MemberRole, ParticipantDto } from '#shared/contract/chat-dto.ts';
import type { PresenceState } from '../../../client/index.ts';
import { Avatar } from '../avatar.tsx';
import { Icon } from '../icon.tsx';
import { roleInWords } from './chat-wording.ts';
import { PresenceDot, presenceInWords } from './presence-dot.tsx';
import { useReader } from './use-reader.ts';

type MemberRowProps = {
  member: ParticipantDto;
  presence: PresenceState | undefined;
  /** Absent: not allowed. */
  remove?: () => void;
  setRole?: (role: MemberRole) => void;
};

const roles: Record<MemberRole, string> = { owner: 'Owner', admin: 'Admin', member: '' };

export function MemberRow({ member: { userId, role }, presence, remove, setRole }: MemberRowProps) {
  const { me, nameOf } = useReader();
  const name = nameOf(userId);
  const other = role === 'member' ? 'admin' : 'member';
  return (
    <li className="member">
      <span className="with-presence">
        <Avatar user={userId} name={name} url="" size={32} />
        <PresenceDot state={presence} />
      </span>
      <span className="member-name">
        <span dir="auto">{userId === me ? `${name} (you)` : name}</span>
        <span className="hidden"> {presenceInWords(presence)}</span>
        {roles[role] && <span className="member-role"> {roles[role]}</span>}
      </span>
      {setRole && (
        <button
          type="button"
          className="button button-quiet"
          aria-label={`Make ${name} ${roleInWords(other)}`}
          onClick={() => setRole(other)}
        >
          Make {other}
        </button>
      )}
      {remove && (
        <button
          type="button"
          className="icon-button icon-button-small"
          aria-label={`Remove ${name}`}
          title="Remove"
          onClick={remove}
        >
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}
