import { type NotificationDto, type NotificationGroup, unreadCap } from '#shared/contract/notification-dto.ts';

type Deed = Pick<NotificationDto, 'action' | 'entityType'>;

/** What somebody did, to follow a name: `liked your post`. */
export function deedOf({ action, entityType }: Deed): string {
  const thing = entityType === 'User' ? 'profile' : entityType.toLowerCase();
  switch (action) {
    case 'Like':
      return `liked your ${thing}`;
    case 'Comment':
      return `commented on your ${thing}`;
    case 'Reply':
      return 'replied to your comment';
    case 'Follow':
      return 'followed you';
    default:
      return 'interacted with you';
  }
}

/** `Bob Brandt and 12 others` */
export function peopleOf({ actors, others, latest }: NotificationGroup): string {
  const first = actors[0]?.actorName ?? latest.actorName;
  if (others === 0) return first;
  if (others === 1) return `${first} and ${actors[1]?.actorName ?? '1 other'}`;
  return `${first} and ${others} others`;
}

/** What the badge shows; empty for none. */
export function badgeOf(unread: number): string {
  if (unread === 0) return '';
  return unread > 99 ? '99+' : String(unread);
}

/** The count in words; the server counts no further than its cap. */
export function unreadInWords(unread: number): string {
  if (unread === 0) return 'all read';
  return unread >= unreadCap ? `${unreadCap.toLocaleString('en')} or more unread` : `${unread} unread`;
}

const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
];

/** `just now`, `5 min`, `3 h`, `2 d`, then the date. */
export function ago(iso: string, now: number): string {
  const then = Date.parse(iso);
  const passed = now - then;
  if (Number.isNaN(then)) return '';
  if (passed < 60_000) return 'just now';
  if (passed > 7 * 86_400_000) return new Date(then).toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
  const unit = units.find(({ ms }) => passed >= ms);
  return unit ? `${Math.floor(passed / unit.ms)} ${unit.name}` : 'just now';
}
