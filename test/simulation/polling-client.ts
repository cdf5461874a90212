import { createNotificationApi } from '#services/client/notifications/notification-api.ts';
import type { RestCall } from '#services/client/rest/rest-call.ts';
import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import type { Device } from './simulated-clients.ts';

/** A client without a live connection: it follows the change feed by its cursor, from the very beginning on. */
export class PollingClient {
  readonly rows = new Map<string, NotificationDto>();
  readThrough = 0;
  readonly #device: Device;
  readonly #feed: (after: string | undefined) => ReturnType<ReturnType<typeof createNotificationApi>['feed']>;
  #cursor: string | undefined;

  constructor(device: Device, rest: RestCall) {
    this.#device = device;
    // The SDK's own call always has a cursor; the first one of all has none.
    const fromStart = createNotificationApi((method) => rest(method, '/api/notifications/feed?limit=5'));
    const onwards = createNotificationApi(rest);
    this.#feed = (after) => (after === undefined ? fromStart.feed('', 5) : onwards.feed(after, 5));
    this.#again(0);
  }

  #again(delayMs: number): void {
    const { simulation } = this.#device.internet;
    simulation.after(this.#device.process, delayMs, () => {
      this.#poll().then(
        (atHead) => this.#again(atHead ? simulation.random.between(1_500, 4_000) : 0),
        () => this.#again(1_000),
      );
    });
  }

  /** Resolves to whether there was nothing more. */
  async #poll(): Promise<boolean> {
    const { changes, cursor, head, reload } = await this.#feed(this.#cursor);
    if (reload) {
      this.rows.clear();
      this.readThrough = 0;
      this.#cursor = undefined;
      return false;
    }
    for (const change of changes) {
      if (change.kind === 'read') this.readThrough = change.mark.readThrough;
      else if (change.kind === 'deleted') this.rows.delete(change.notification.id);
      else this.rows.set(change.notification.id, change.notification);
    }
    this.#cursor = cursor;
    return cursor === head;
  }
}
