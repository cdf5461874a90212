import { isUserId, type UserId } from './ids.ts';

/** Ordinals of the .NET enum are the indexes. */
export const userActionTypes = ['View', 'Click', 'Like', 'Share', 'Comment', 'Scroll', 'ProfileView', 'Reply'] as const;
export type UserActionType = (typeof userActionTypes)[number];

export const targetTypes = ['Post', 'User', 'Comment'] as const;
export type TargetType = (typeof targetTypes)[number];

/** `Sonixy.Shared.Events.UserInteractionEvent` as our code sees it. On the wire enums are ordinals. */
export type UserInteractionEvent = {
  /** The actor. */
  readonly userId: UserId;
  readonly targetId: string;
  readonly targetType: TargetType;
  readonly actionType: UserActionType;
  readonly actorName: string | null;
  readonly actorAvatar: string | null;
  /** The recipient; most events (analytics) have none. */
  readonly targetUserId: UserId | null;
};

/** Thrown when a payload that was meant for us cannot be read: it goes to the error queue, never to a retry. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
}

/**
 * Tolerant as .NET's reader and more: any letter case of keys, enums as ordinal or name, absent and null alike.
 * Returns undefined when there is no recipient, before anything else is looked at.
 *
 * @throws InvalidEventError
 */
export function parseUserInteractionEvent(payload: object): UserInteractionEvent | undefined {
  const targetUserId = field(payload, 'targetUserId');
  if (targetUserId === null || targetUserId === '') return undefined;
  if (!isUserId(targetUserId)) throw new InvalidEventError('targetUserId must be a string of 1–256 characters');
  const userId = field(payload, 'userId');
  if (!isUserId(userId)) throw new InvalidEventError('userId must be a string of 1–256 characters');
  return {
    userId,
    targetId: requiredText(payload, 'targetId'),
    targetType: member(targetTypes, payload, 'targetType'),
    actionType: member(userActionTypes, payload, 'actionType'),
    actorName: optionalText(payload, 'actorName'),
    actorAvatar: optionalText(payload, 'actorAvatar'),
    targetUserId,
  };
}

/** The payload as a .NET publisher writes it: camelCase, ordinals, every field present. `timestamp` is now unless given. */
export function toUserInteractionPayload(event: UserInteractionEvent, timestamp: Date): object {
  return {
    userId: event.userId,
    targetId: event.targetId,
    targetType: targetTypes.indexOf(event.targetType),
    actionType: userActionTypes.indexOf(event.actionType),
    durationMs: 0,
    timestamp: timestamp.toISOString(),
    actorName: event.actorName,
    actorAvatar: event.actorAvatar,
    targetUserId: event.targetUserId,
  };
}

function field(payload: object, name: string): unknown {
  const exact = (payload as Record<string, unknown>)[name];
  if (exact !== undefined) return exact;
  const wanted = name.toLowerCase();
  for (const [key, value] of Object.entries(payload)) {
    if (key.toLowerCase() === wanted) return value ?? null;
  }
  return null;
}

const maxTextLength = 4096;

function requiredText(payload: object, name: string): string {
  const value = optionalText(payload, name);
  if (value === null) throw new InvalidEventError(`${name} must be a string`);
  return value;
}

function optionalText(payload: object, name: string): string | null {
  const value = field(payload, name);
  if (value === null) return null;
  if (typeof value === 'string' && value.length <= maxTextLength) return value;
  throw new InvalidEventError(`${name} must be a string of at most ${maxTextLength} characters`);
}

function member<T extends string>(members: readonly T[], payload: object, name: string): T {
  const value = field(payload, name);
  const found =
    typeof value === 'number'
      ? members[value]
      : typeof value === 'string'
        ? (members.find((candidate) => candidate.toLowerCase() === value.toLowerCase()) ??
          (/^\d+$/.test(value) ? members[Number(value)] : undefined))
        : undefined;
  if (found === undefined) throw new InvalidEventError(`${name} must be one of ${members.join(', ')} or its ordinal`);
  return found;
}
