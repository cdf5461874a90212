import type { ErrorCode } from '#shared/contract/errors.ts';
import type { NotificationFeed, NotificationGroupPage, NotificationPage } from '#shared/contract/notification-dto.ts';
import { parseFeed, parseGroupPage, parsePage } from './parse-answers.ts';
import type { TokenSource } from './token-source.ts';

const timeoutMs = 15_000;

/** A call that the server refused, or (status 0) that never reached it. `message` is fit to be shown. */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly status: number;
  readonly code: ErrorCode | undefined;
  readonly correlationId: string | undefined;

  constructor(message: string, status: number, code?: ErrorCode, correlationId?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.correlationId = correlationId;
  }
}

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

export type NotificationApiOptions = {
  readonly baseUrl: string;
  readonly tokens: TokenSource;
  /** @default the global fetch */
  readonly fetch?: typeof globalThis.fetch;
};

/** REST of `/api/notifications`. Every call rejects with `RestError`, or `SignedOutError` when the token is at its end. */
export function createNotificationApi({
  baseUrl,
  tokens,
  fetch = globalThis.fetch,
}: NotificationApiOptions): NotificationApi {
  const root = `${baseUrl}/api/notifications`;
  const call = (method: string, path: string) => authorized(fetch, tokens, method, `${root}${path}`);
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

async function authorized(
  fetch: typeof globalThis.fetch,
  tokens: TokenSource,
  method: string,
  url: string,
): Promise<unknown> {
  const token = await tokens.token();
  const first = await send(fetch, method, url, token);
  const response = first.status === 401 ? await send(fetch, method, url, await tokens.refused(token)) : first;
  return readAnswer(response);
}

async function send(fetch: typeof globalThis.fetch, method: string, url: string, token: string): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}` },
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    throw new RestError('the server cannot be reached', 0);
  }
}

/** The JSON body of a good answer. @throws RestError with the server's own text */
export async function readAnswer(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body;
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined);
  throw new RestError(
    text('error') ?? `HTTP ${response.status}`,
    response.status,
    text('code') as ErrorCode | undefined,
    text('correlationId') ?? response.headers.get('x-correlation-id') ?? undefined,
  );
}
