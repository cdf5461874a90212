import { hashOf, type Place } from './address.ts';
import { Icon } from './icon.tsx';
import { badgeOf } from './wording.ts';

/** From one view of the page to the other. */
export function ViewLinks({ place, unreadMessages }: { place: Place; unreadMessages: number }) {
  const { user, view } = place;
  return (
    <nav className="views" aria-label="Views">
      <a
        className="view"
        href={hashOf({ user, view: 'posts', conversation: undefined })}
        aria-current={view === 'posts' ? 'page' : undefined}
      >
        <Icon name="home" />
        <span className="view-name">Posts</span>
      </a>
      <a
        className="view"
        href={hashOf({ user, view: 'chat', conversation: undefined })}
        aria-current={view === 'chat' ? 'page' : undefined}
      >
        <Icon name="comment" />
        <span className="view-name">Chat</span>
        {unreadMessages > 0 && (
          <span className="count">
            {badgeOf(unreadMessages)}
            <span className="hidden"> unread</span>
          </span>
        )}
      </a>
    </nav>
  );
}
