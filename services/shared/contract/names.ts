import type { StreamId, UserId } from './ids.ts';

/** MassTransit's names of the events that cross service borders: exchange `Namespace:Type`, URN `urn:message:Namespace:Type`. */
export const exchanges = {
  userInteraction: 'Sonixy.Shared.Events:UserInteractionEvent',
  messageSent: 'Sonixy.Shared.Events:MessageSentEvent',
  messageChanged: 'Sonixy.Shared.Events:MessageChangedEvent',
} as const;

export const messageUrns = {
  userInteraction: 'urn:message:Sonixy.Shared.Events:UserInteractionEvent',
  messageSent: 'urn:message:Sonixy.Shared.Events:MessageSentEvent',
  messageChanged: 'urn:message:Sonixy.Shared.Events:MessageChangedEvent',
} as const;

export const queues = {
  /** Never `UserInteraction`: two .NET services compete for that one. */
  notificationUserInteraction: 'notification-service-user-interaction',
  /** All hub workers share it: whoever takes an event publishes it to the backplane. */
  hubMessages: 'hub-message-events',
} as const;

export const hubPaths = { notifications: '/hubs/notifications', chat: '/hubs/chat' } as const;

export const socketIoPath = '/socket.io';

/** Server → client methods (SignalR) and events (socket.io). */
export const clientMethods = {
  /** A new notification: one argument, the `NotificationDto`. The only method that a stock client meets. */
  receiveNotification: 'ReceiveNotification',
  /** A known notification changed: one argument, the `NotificationDto`. */
  notificationChanged: 'NotificationChanged',
  /** A known notification is gone: one argument, `NotificationDeleted`. */
  notificationDeleted: 'NotificationDeleted',
  /** All notifications up to a number are read: one argument, `NotificationsRead`. */
  notificationsRead: 'NotificationsRead',
  /** A new message: one argument, the `MessageDto`. Its sender gets it too. */
  receiveMessage: 'ReceiveMessage',
  /** A conversation's last message, name or members changed: one argument, the `ConversationDto`, without what is one user's. */
  updateConversation: 'UpdateConversation',
  /** Arguments: conversation id, user id. */
  userTyping: 'UserTyping',
  userStoppedTyping: 'UserStoppedTyping',
  /** The methods below go to clients that called `SubscribeChat`. A known message changed: the `MessageDto`. */
  messageChanged: 'MessageChanged',
  /** A known message is gone: `MessageDeleted`. */
  messageDeleted: 'MessageDeleted',
  /** Somebody has read: `MessagesRead`. */
  messagesRead: 'MessagesRead',
  /** The user entered or left a conversation: `MembershipChanged`. */
  membershipChanged: 'MembershipChanged',
  /** Somebody whom the user shows came or went: `PresenceChanged`. */
  presenceChanged: 'PresenceChanged',
} as const;

/** Client → server methods (SignalR) and events with an acknowledgement (socket.io). */
export const serverMethods = {
  /**
   * Argument: the client's cursor, or null. From its answer (`SubscribeAnswer`) on the client also gets the change
   * methods. Call it first and read the feed after it, then nothing falls between the two.
   */
  subscribe: 'Subscribe',
  /**
   * Argument: `{[conversationId]: cursor | null}`, possibly empty. Answer: `SubscribeChatAnswer`. From then on the client
   * also gets the change methods, receipts and memberships of all its conversations. Subscribe first, read feeds after.
   */
  subscribeChat: 'SubscribeChat',
  /** Argument: conversation id. Ignored from those who are not in it. */
  typingStarted: 'TypingStarted',
  typingStopped: 'TypingStopped',
  /** Argument: user ids whose presence this client shows, at most 200, replacing the last list. Answer: `PresenceChanged[]`. */
  watchPresence: 'WatchPresence',
} as const;

export const databases = { notifications: 'sonixy_notifications', chat: 'sonixy_chat' } as const;

export const collections = {
  /** Sonixy's own collection: read by the import only, its .NET readers refuse elements that they don't know. */
  sonixyNotifications: 'notifications',
  notificationRows: 'notification_rows',
  notificationStreams: 'notification_streams',
  notificationMeta: 'notification_meta',
  revocations: 'revocations',
  /** Sonixy's own, read by the import only. */
  sonixyConversations: 'conversations',
  sonixyMessages: 'messages',
  sonixyParticipants: 'chat_participants',
  chatConversations: 'chat_conversations',
  chatMembers: 'chat_members',
  chatMessages: 'chat_message_rows',
  chatMeta: 'chat_meta',
} as const;

export const redisPrefix = 'sonixy:';

/** The backplane's channel of everything that is for one user: rows of small conversations, signals. */
export function userChannel(user: UserId): string {
  return `${redisPrefix}user:${user}`;
}

/** The backplane's channel of `RevocationFrame`s, which every process that lets people in listens to. */
export const revocationsChannel = `${redisPrefix}revocations`;

/** The backplane's channel of a stream's live frames. */
export function streamChannel(stream: StreamId): string {
  return `${redisPrefix}stream:${stream}`;
}
