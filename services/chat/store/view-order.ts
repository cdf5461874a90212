import type { ConversationId } from '#shared/contract/ids.ts';
import type { SincePage, SincePageAnswer, ViewsPage } from './chat-store.ts';

/** What is read of each of a user's conversations before a page of them is: few, short and by index. */
export type UserPlace = {
  readonly id: ConversationId;
  readonly lastMessageAt: number;
  /** The later of the conversation's change and of the user's own place in it. */
  readonly changedAt: number;
};

/** In the order of `views`. A message would otherwise have to touch the list of every member. */
export function pageOfViews(places: readonly UserPlace[], { before, limit }: ViewsPage): readonly ConversationId[] {
  return places
    .filter((place) => !before || compareViews(place, before) > 0)
    .sort(compareViews)
    .slice(0, limit)
    .map(({ id }) => id);
}

type ViewKey = Pick<UserPlace, 'lastMessageAt' | 'id'>;

function compareViews(a: ViewKey, b: ViewKey): number {
  return b.lastMessageAt - a.lastMessageAt || compareIds(a.id, b.id);
}

export type ChangeKey = { readonly changedAt: number; readonly id: ConversationId };

export type ChangesOfUser = {
  readonly present: readonly ConversationId[];
  readonly left: readonly ConversationId[];
  readonly next: SincePageAnswer['next'];
};

/** In the order of `viewsSince`; `left`: places that are closed now. */
export function pageOfChanges(
  present: readonly ChangeKey[],
  left: readonly ChangeKey[],
  since: number,
  { after, limit }: SincePage,
): ChangesOfUser {
  const gone = new Set(left);
  const later = [...present, ...left]
    .filter((place) => place.changedAt >= since && (!after || compareChanges(place, after) > 0))
    .sort(compareChanges);
  const page = later.slice(0, limit);
  const last = page.at(-1);
  return {
    present: page.filter((place) => !gone.has(place)).map(({ id }) => id),
    left: page.filter((place) => gone.has(place)).map(({ id }) => id),
    next: last && later.length > limit ? { changedAt: last.changedAt, id: last.id } : undefined,
  };
}

function compareChanges(a: ChangeKey, b: ChangeKey): number {
  return a.changedAt - b.changedAt || compareIds(a.id, b.id);
}

function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
