import type { StreamId } from './ids.ts';

/** MassTransit's names of the events that cross service borders: exchange `Namespace:Type`, URN `urn:message:Namespace:Type`. */
export const exchanges = {
  userInteraction: 'Sonixy.Shared.Events:UserInteractionEvent',
} as const;

export const messageUrns = {
  userInteraction: 'urn:message:Sonixy.Shared.Events:UserInteractionEvent',
} as const;

export const queues = {
  /** Never `UserInteraction`: two .NET services compete for that one. */
  notificationUserInteraction: 'notification-service-user-interaction',
} as const;

export const hubPaths = { notifications: '/hubs/notifications' } as const;

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
} as const;

/** Client → server methods (SignalR) and events with an acknowledgement (socket.io). */
export const serverMethods = {
  /**
   * Argument: the client's cursor, or null. From its answer (`SubscribeAnswer`) on the client also gets the change
   * methods. Call it first and read the feed after it, then nothing falls between the two.
   */
  subscribe: 'Subscribe',
} as const;

export const databases = { notifications: 'sonixy_notifications' } as const;

export const collections = {
  /** Sonixy's own collection: read by the import only, its .NET readers refuse elements that they don't know. */
  sonixyNotifications: 'notifications',
  notificationRows: 'notification_rows',
  notificationStreams: 'notification_streams',
  notificationMeta: 'notification_meta',
} as const;

export const redisPrefix = 'sonixy:';

/** The backplane's channel of a stream's live frames. */
export function streamChannel(stream: StreamId): string {
  return `${redisPrefix}stream:${stream}`;
}
