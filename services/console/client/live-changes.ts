import { clientMethods } from '#shared/contract/names.ts';
import type { NotificationChange } from '#shared/contract/notification-dto.ts';
import { parseDeleted, parseNotification, parseReadMark } from './parse-answers.ts';

/** Each method a server may call, and what its one argument says. An argument of another shape is nothing. */
export const liveMethods: ReadonlyMap<string, (argument: unknown) => NotificationChange | undefined> = new Map([
  [clientMethods.receiveNotification, toNotification],
  [clientMethods.notificationChanged, toNotification],
  [clientMethods.notificationDeleted, toDeleted],
  [clientMethods.notificationsRead, toReadMark],
]);

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
