import { clientMethods } from '../../shared/contract/names.ts';
import type { NotificationChange } from '../../shared/contract/notification-dto.ts';
import { parseDeleted, parseNotification, parseReadMark } from './parse-notifications.ts';

const readers: ReadonlyMap<string, (argument: unknown) => NotificationChange | undefined> = new Map([
  [clientMethods.receiveNotification, toNotification],
  [clientMethods.notificationChanged, toNotification],
  [clientMethods.notificationDeleted, toDeleted],
  [clientMethods.notificationsRead, toReadMark],
]);

/** What a call of the server tells; undefined for other methods and for arguments of another shape. */
export function readNotificationCall(method: string, [argument]: readonly unknown[]): NotificationChange | undefined {
  return readers.get(method)?.(argument);
}

function toNotification(argument: unknown): NotificationChange | undefined {
  const notification = parseNotification(argument);
  return notification && { kind: 'notification', notification };
}

function toDeleted(argument: unknown): NotificationChange | undefined {
  const notification = parseDeleted(argument);
  return notification && { kind: 'deleted', notification };
}

function toReadMark(argument: unknown): NotificationChange | undefined {
  const mark = parseReadMark(argument);
  return mark && { kind: 'read', mark };
}
