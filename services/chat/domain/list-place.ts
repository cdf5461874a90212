import { asConversationId, type ConversationId, isUserId, type UserId } from '#shared/contract/ids.ts';

/** Where a page of a list ends: a time and the id that tells apart what has the same one. Opaque to clients. */
export function formatPlace(time: number, id: ConversationId | UserId): string {
  return `${time.toString(36)}.${Buffer.from(id).toString('base64url')}`;
}

export function parseConversationPlace(text: string): { lastMessageAt: number; id: ConversationId } | undefined {
  const place = parsePlace(text);
  const id = asConversationId(place?.id);
  return place && id ? { lastMessageAt: place.time, id } : undefined;
}

export function parseMemberPlace(text: string): { joinedAt: number; userId: UserId } | undefined {
  const place = parsePlace(text);
  return place && isUserId(place.id) ? { joinedAt: place.time, userId: place.id } : undefined;
}

function parsePlace(text: string): { time: number; id: string } | undefined {
  const match = /^([0-9a-z]{1,11})\.([A-Za-z0-9_-]{1,1400})$/.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  const time = Number.parseInt(match[1], 36);
  return Number.isSafeInteger(time) ? { time, id: Buffer.from(match[2], 'base64url').toString() } : undefined;
}
