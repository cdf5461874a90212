import { createNotificationApi } from '#services/client/notifications/notification-api.ts';
import { NotificationClient } from '#services/client/notifications/notification-client.ts';
import { visibleRows } from '#services/client/notifications/notification-list.ts';
import { givenToken } from '#services/client/rest/token-source.ts';
import type { NotificationStore } from '#services/notification/store/notification-store.ts';
import { formatCursor } from '#shared/contract/cursor.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { clientMethods, exchanges } from '#shared/contract/names.ts';
import { notificationDatabase } from './notification-database.ts';
import { NotificationReplica } from './notification-replica.ts';
import { byHand, type NotificationAct, type NotificationStep } from './notification-schedule.ts';
import { Platform } from './platform.ts';
import { PollingClient } from './polling-client.ts';
import { Device, simulatedLive, simulatedRest } from './simulated-clients.ts';
import { StockClient } from './stock-client.ts';

const alice = 'alice' as UserId;

const calls = { read: 'markRead', archive: 'archive', unarchive: 'unarchive', delete: 'remove' } as const;
type RowChange = keyof typeof calls;

/** An action that the server confirmed, which must not be undone. */
export type Acknowledged = { readonly id: string; readonly what: 'read' | 'delete' };

/** The notification service with two clients of the SDK, two that know nothing of ours, and one that polls. */
export class NotificationWorld {
  readonly platform: Platform<NotificationStore, NotificationReplica>;
  readonly clients: readonly NotificationClient[];
  readonly stock: readonly StockClient[];
  readonly poller: PollingClient;
  readonly acknowledged: Acknowledged[] = [];
  /** Events that a restore took back, or may have. */
  readonly takenBack = new Set<string>();
  /** Events whose row somebody wanted to delete: nothing of it need be there. */
  readonly deleted = new Set<string>();
  /** How often each client was told that a row is new, by its id. */
  readonly arrivals: readonly Map<string, number>[] = [new Map(), new Map()];
  readonly #hand: Device;
  readonly #byHand: ReturnType<typeof createNotificationApi>;
  #published = 0;

  constructor(seed: number) {
    this.platform = new Platform(seed, {
      database: notificationDatabase,
      start: (name, stored, platform) =>
        new NotificationReplica(name, stored, { ...platform, loss: () => platform.loss }),
      consume: (_, platform) => {
        const replica = platform.replica();
        return replica && { process: replica.process, handle: async (event) => replica.consumer.handle(event) };
      },
      hubReads: 'notifications',
      restored: () => this.#restored(),
    });
    const { internet, devices } = this.platform;
    for (const name of ['phone', 'laptop', 'old page', 'old app', 'script'])
      devices.push(new Device(name, alice, internet));
    const [phone, laptop, page, app, script] = devices as [Device, Device, Device, Device, Device];
    this.clients = [phone, laptop].map((device, index) => this.#client(device, this.arrivals[index] ?? new Map()));
    const listening = { chat: false, method: clientMethods.receiveNotification };
    this.stock = [page, app].map((device) => new StockClient(device, listening));
    const service = () => this.platform.replica();
    this.poller = new PollingClient(script, simulatedRest(script, service));
    this.#hand = new Device('hand', alice, { ...internet, lateness: () => 0 });
    this.#byHand = createNotificationApi(simulatedRest(this.#hand, service));
  }

  /** What the majority holds. */
  async truth() {
    const [store] = this.platform.stored;
    const page = { offset: 0, limit: 1_000 };
    const [live, archived, unread, epoch, heads] = await Promise.all([
      store.list(alice, { ...page, archived: false }),
      store.list(alice, { ...page, archived: true }),
      store.countUnread(alice),
      store.epoch(),
      store.heads([alice]),
    ]);
    return { live, archived, unread: unread.count, cursor: formatCursor({ epoch, seq: heads[0]?.seq ?? 0 }) };
  }

  /** Of the events that are stored. */
  messageIds(): Set<string> {
    const rows = this.platform.database.read('SELECT MessageId FROM majorities.notification_rows');
    return new Set(rows.map((row) => String(row['MessageId'])));
  }

  schedule(steps: readonly NotificationStep[]): void {
    this.platform.schedule<NotificationAct>(steps, (act) => this.#act(act));
  }

  #client(device: Device, arrivals: Map<string, number>): NotificationClient {
    const client = new NotificationClient({
      baseUrl: '',
      open: simulatedLive(device),
      api: createNotificationApi(simulatedRest(device, () => this.platform.replica())),
      tokens: givenToken('token'),
      clock: device.process.clock,
      arrived: (rows) => {
        for (const { id } of rows) arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
      },
    });
    this.platform.simulation.after(device.process, 0, () => client.start());
    return client;
  }

  #act(act: NotificationAct): boolean {
    switch (act.do) {
      case 'publish':
        for (let count = 0; count < act.count; count += 1) this.publish();
        return true;
      case 'read':
      case 'archive':
      case 'unarchive':
      case 'delete':
        this.#change(act.do, act.device, act.row);
        return true;
      case 'read-all':
        this.#onDevice(act.device, (client) => client.markAllRead());
        return true;
      case 'load-more':
        this.#onDevice(act.device, (client) => client.loadMore());
        return true;
      default:
        return false;
    }
  }

  /** One more event. */
  readonly publish = (target = alice): void => {
    this.#published += 1;
    const number = this.#published;
    this.platform.queue.publish({
      exchange: exchanges.userInteraction,
      messageId: `event-${number}`,
      payload: {
        userId: 'bob',
        targetUserId: target,
        targetId: `post-${number}`,
        targetType: 0,
        actionType: 2,
        actorName: 'Bob',
      },
    });
  };

  #change(what: RowChange, device: number, index: number): void {
    if (device === byHand) {
      this.platform.simulation.after(this.#hand.process, 0, () => void this.#changeByHand(what, index));
      return;
    }
    const client = this.clients[device];
    if (!client) return;
    const rows = visibleRows(client.state.list);
    const row = rows[index % Math.max(1, rows.length)];
    if (!row) return;
    this.#onDevice(device, () => this.#changeRow(what, row, client));
  }

  /** Whatever the first page of the store shows now. */
  async #changeByHand(what: RowChange, index: number): Promise<void> {
    try {
      const { items } = await this.#byHand.page(1, 5);
      const row = items[index % Math.max(1, items.length)];
      if (row) await this.#changeRow(what, row, this.#byHand);
    } catch {
      // Somebody else's fault.
    }
  }

  async #changeRow(
    what: RowChange,
    { id, entityId }: { readonly id: string; readonly entityId: string },
    by: Pick<NotificationClient, (typeof calls)[RowChange]>,
  ): Promise<void> {
    if (what === 'delete') this.deleted.add(`event-${entityId.slice('post-'.length)}`);
    const { restoredAt } = this.platform;
    await by[calls[what]](id);
    const counts = what === 'read' || what === 'delete';
    if (counts && restoredAt === this.platform.restoredAt) this.acknowledged.push({ id, what });
  }

  #onDevice(index: number, act: (client: NotificationClient) => Promise<void>): void {
    const client = this.clients[index];
    const process = this.platform.devices[index]?.process;
    if (client && process) this.platform.simulation.after(process, 0, () => void act(client).catch(() => undefined));
  }

  #restored(): void {
    const kept = this.messageIds();
    for (let number = 1; number <= this.#published; number += 1) {
      if (!kept.has(`event-${number}`)) this.takenBack.add(`event-${number}`);
    }
    this.acknowledged.length = 0;
  }
}
