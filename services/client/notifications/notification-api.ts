import type {
  NotificationFeed,
  NotificationGroupPage,
  NotificationPage,
} from '../../shared/contract/notification-dto.ts';
import type { RestCall } from '../rest/rest-call.ts';
import { parseFeed, parseGroupPage, parsePage } from './parse-notifications.ts';

export type NotificationApi = {
  /** Newest first; `page` counts from 1. */
  page(page: number, pageSize: number): Promise<NotificationPage>;
  archived(page: number, pageSize: number): Promise<NotificationPage>;
  grouped(page: number, pageSize: number): Promise<NotificationGroupPage>;
  feed(after: string, limit: number): Promise<NotificationFeed>;
  markRead(id: string): Promise<void>;
  markAllRead(): Promise<void>;
  archive(id: string): Promise<void>;
  unarchive(id: string): Promise<void>;
  remove(id: string): Promise<void>;
};

/** REST of `/api/notifications`. Every call rejects as `RestCall` does. */
export function createNotificationApi(rest: RestCall): NotificationApi {
  const call = (method: string, path: string) => rest(method, `/api/notifications${path}`);
  const row = (id: string) => `/${encodeURIComponent(id)}`;
  return {
    page: async (page, pageSize) => parsePage(await call('GET', `?page=${page}&pageSize=${pageSize}`)),
    archived: async (page, pageSize) =>
      parsePage(await call('GET', `?archived=true&page=${page}&pageSize=${pageSize}`)),
    grouped: async (page, pageSize) =>
      parseGroupPage(await call('GET', `?grouped=true&page=${page}&pageSize=${pageSize}`)),
    feed: async (after, limit) =>
      parseFeed(await call('GET', `/feed?after=${encodeURIComponent(after)}&limit=${limit}`)),
    markRead: async (id) => void (await call('PUT', `${row(id)}/read`)),
    markAllRead: async () => void (await call('PUT', '/read-all')),
    archive: async (id) => void (await call('PUT', `${row(id)}/archive`)),
    unarchive: async (id) => void (await call('PUT', `${row(id)}/unarchive`)),
    remove: async (id) => void (await call('DELETE', row(id))),
  };
}
