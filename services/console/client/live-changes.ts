import { clientMethods } from '#shared/contract/names.ts';
import type { NotificationChange } from '#shared/contract/notification-dto.ts';
import type { LiveHandlers } from './live-connection.ts';
import { parseDeleted, parseNotification, parseReadMark } from './parse-answers.ts';

const readers: ReadonlyMap<string, (argument: unknown) => NotificationChange | undefined> = new Map([
  [clientMethods.receiveNotification, toNotification],
  [clientMethods.notificationChanged, toNotification],
  [clientMethods.notificationDeleted, toDeleted],
  [clientMethods.notificationsRead, toReadMark],
]);

/** Calls `on` for each method that a server may call. An argument of another shape is nothing. */
export function listen(
  on: (method: string, listener: (argument: unknown) => void) => void,
  changed: LiveHandlers['changed'],
): void {
  for (const [method, read] of readers) {
    on(method, (argument) => {
      const change = read(argument);
      if (change) changed(change, method === clientMethods.receiveNotification);
    });
  }
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
