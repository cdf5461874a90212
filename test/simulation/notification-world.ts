import { createNotificationApi } from '#services/client/notifications/notification-api.ts';
import { NotificationClient } from '#services/client/notifications/notification-client.ts';
import { visibleRows } from '#services/client/notifications/notification-list.ts';
import { givenToken } from '#services/client/rest/token-source.ts';
import type { NotificationStore } from '#services/notification/store/notification-store.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { HostileNetwork } from '#shared/stream/simulator/hostile-backplane.fixture.ts';
import { Simulation } from '#shared/stream/simulator/simulation.fixture.ts';
import type { Snapshot } from '#shared/stream/simulator/sqlite-majority.fixture.ts';
import { EventQueue } from './event-queue.ts';
import { HubWorker } from './hub-worker.ts';
import { NotificationDatabase } from './notification-database.ts';
import { NotificationReplica } from './notification-replica.ts';
import { type Step, scheduleMs } from './schedule.ts';
import { Device, type Internet, StockClient, simulatedLive, simulatedRest } from './simulated-clients.ts';

export const alice = 'alice' as UserId;

const lostPlacesMetric = 'hub_lost_places_total';
const usualFrameFaults = { lost: 0.02, doubled: 0.03, late: 0.03 };
const hostileFrameFaults = { lost: 0.3, doubled: 0.3, late: 0.3 };
/** Older tombstones are purged; whoever was away for less must miss nothing. */
const tombstoneMs = 30_000;

/** An action that the server confirmed, which must not be undone. */
export type Acknowledged = { readonly id: string; readonly what: 'read' | 'delete' };

/** Two replicas, two hub workers, a database, a broker, a backplane; two clients with a cursor and two without. */
export class NotificationWorld {
  readonly simulation: Simulation;
  readonly database: NotificationDatabase;
  readonly queue: EventQueue;
  readonly clients: readonly NotificationClient[];
  readonly stock: readonly StockClient[];
  readonly acknowledged: Acknowledged[] = [];
  /** Events that a restore took back, or may have. */
  readonly takenBack = new Set<string>();
  /** Rows that were told of as new by each client, by id. */
  readonly arrivals: readonly Map<string, number>[];
  restoredAt = Number.NEGATIVE_INFINITY;
  readonly #backplane: HostileNetwork;
  readonly #devices: readonly Device[];
  readonly #stored: readonly NotificationStore[];
  readonly #hubs: HubWorker[] = [];
  readonly #replicas: NotificationReplica[] = [];
  #snapshot: Snapshot | undefined;
  readonly #deletedEvents = new Set<string>();
  #loss = 0;
  #published = 0;
  #lostPlaces = 0;

  constructor(seed: number) {
    const simulation = new Simulation(seed);
    this.simulation = simulation;
    this.database = new NotificationDatabase(simulation);
    this.#backplane = new HostileNetwork(simulation);
    this.#backplane.faults = usualFrameFaults;
    this.#stored = [this.database.open(), this.database.open()];
    for (const which of [0, 1]) {
      this.#startReplica(which);
      this.#startHub(which);
    }
    this.queue = new EventQueue(simulation, () => {
      const replica = this.#replica();
      return replica && { process: replica.process, handle: async (event) => replica.consumer.handle(event) };
    });
    this.queue.doubled = 0.05;
    const internet: Internet = { simulation, hub: () => this.#pick(this.#hubs), loss: () => this.#loss };
    this.#devices = ['phone', 'laptop', 'old page', 'old app'].map((name) => new Device(name, alice, internet));
    const [phone, laptop, ...others] = this.#devices as [Device, Device, ...Device[]];
    this.arrivals = [new Map(), new Map()];
    this.clients = [phone, laptop].map((device, index) =>
      this.#client(device, this.arrivals[index] as Map<string, number>),
    );
    this.stock = others.map((device) => new StockClient(device));
  }

  /** How often a hub gave its place up for the head. */
  get lostPlaces(): number {
    const living = this.#hubs.filter(({ process }) => process.alive);
    return living.reduce((sum, { counted }) => sum + (counted.get(lostPlacesMetric) ?? 0), this.#lostPlaces);
  }

  /** What the majority holds. */
  async truth() {
    const store = this.#stored[0] as NotificationStore;
    const page = { offset: 0, limit: 1_000 };
    const [live, archived, unread] = await Promise.all([
      store.list(alice, { ...page, archived: false }),
      store.list(alice, { ...page, archived: true }),
      store.countUnread(alice),
    ]);
    return { live, archived, unread: unread.count };
  }

  schedule(steps: readonly Step[]): void {
    const { process } = this.database;
    for (const step of steps) this.simulation.after(process, step.at, () => this.#do(step));
    this.simulation.after(process, scheduleMs, () => this.#heal());
  }

  /** Its row was deleted, so that nothing of it need be there. */
  mayBePurged(messageId: string): boolean {
    return this.#deletedEvents.has(messageId);
  }

  async close(): Promise<void> {
    await this.database.close();
  }

  #client(device: Device, arrivals: Map<string, number>): NotificationClient {
    const client = new NotificationClient({
      baseUrl: '',
      open: simulatedLive(device),
      api: createNotificationApi(simulatedRest(device, () => this.#replica())),
      tokens: givenToken('token'),
      clock: device.process.clock,
      arrived: (rows) => {
        for (const { id } of rows) arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
      },
    });
    this.simulation.after(device.process, 0, () => client.start());
    return client;
  }

  #startReplica(which: number): void {
    const { simulation, database } = this;
    const parts = { simulation, database, backplane: this.#backplane, loss: () => this.#loss };
    const stored = this.#stored[which] as NotificationStore;
    this.#replicas[which] = new NotificationReplica(`replica ${which}`, stored, parts);
  }

  #startHub(which: number): void {
    this.#hubs[which] = new HubWorker(`hub ${which}`, {
      simulation: this.simulation,
      backplane: this.#backplane,
      service: () => this.#replica(),
      loss: () => this.#loss,
    });
  }

  #replica(): NotificationReplica | undefined {
    return this.#pick(this.#replicas);
  }

  #pick<T extends { readonly process: { readonly alive: boolean } }>(all: readonly T[]): T | undefined {
    const living = all.filter(({ process }) => process.alive);
    return living.length > 0 ? this.simulation.random.pick(living) : undefined;
  }

  #do(step: Step): void {
    switch (step.do) {
      case 'publish':
        for (let count = 0; count < step.count; count += 1) this.#publish();
        break;
      case 'read':
      case 'archive':
      case 'unarchive':
      case 'delete':
        this.#change(step.do, step.device, step.row);
        break;
      case 'read-all':
        this.#onDevice(step.device, (client) => client.markAllRead());
        break;
      case 'load-more':
        this.#onDevice(step.device, (client) => client.loadMore());
        break;
      case 'purge':
        this.#purge();
        break;
      case 'back-up':
        this.#snapshot = this.database.backUp();
        break;
      case 'restore':
        this.#restore();
        break;
      case 'roll-back':
        this.database.gate.rollBack();
        break;
      case 'kill-replica':
        this.#replicas[step.which]?.process.kill();
        this.#later(step.ms, () => this.#startReplica(step.which));
        break;
      case 'kill-hub':
        this.#killHub(step.which);
        this.#later(step.ms, () => this.#startHub(step.which));
        break;
      case 'freeze-replica':
        this.#freeze(this.#replicas[step.which], step.ms);
        break;
      case 'freeze-hub':
        this.#freeze(this.#hubs[step.which], step.ms);
        break;
      case 'cut':
        this.#devices[step.device]?.cut(step.noticeMs);
        break;
      case 'offline':
        this.#offline(this.#devices[step.device], step.ms);
        break;
      case 'backplane-down':
        this.#backplane.turn('down');
        this.#later(step.ms, () => this.#backplane.turn('up'));
        break;
      case 'frames-lost':
      case 'frames-hostile':
        this.#backplane.faults = step.do === 'frames-lost' ? { lost: 1, doubled: 0, late: 0 } : hostileFrameFaults;
        this.#later(step.ms, () => {
          this.#backplane.faults = usualFrameFaults;
        });
        break;
      case 'database-down':
        this.database.gate.down = true;
        this.#later(step.ms, () => {
          this.database.gate.down = false;
        });
        break;
      case 'database-lags':
        this.database.gate.lagging = true;
        this.#later(step.ms, () => this.database.gate.catchUp());
        break;
      case 'calls-lost':
        this.#loss = 0.2;
        this.#later(step.ms, () => {
          this.#loss = 0;
        });
        break;
      case 'events-doubled':
        this.queue.doubled = 0.6;
        this.#later(step.ms, () => {
          this.queue.doubled = 0.05;
        });
        break;
    }
  }

  #heal(): void {
    this.#loss = 0;
    this.queue.doubled = 0;
    this.#backplane.faults = { lost: 0, doubled: 0, late: 0 };
    this.#backplane.turn('up');
    this.database.gate.down = false;
    this.database.gate.catchUp();
    for (const device of this.#devices) device.online = true;
  }

  #publish(): void {
    this.#published += 1;
    const number = this.#published;
    this.queue.publish({
      messageId: `event-${number}`,
      payload: {
        userId: 'bob',
        targetUserId: alice,
        targetId: `post-${number}`,
        targetType: 0,
        actionType: 2,
        actorName: 'Bob',
      },
    });
  }

  #change(what: 'read' | 'archive' | 'unarchive' | 'delete', device: number, row: number): void {
    const client = this.clients[device % this.clients.length];
    if (!client) return;
    const rows = visibleRows(client.state.list);
    const id = rows[row % Math.max(1, rows.length)]?.id;
    if (id === undefined) return;
    if (what === 'delete') this.#deletedEvents.add(`event-${rows[row % rows.length]?.entityId.slice('post-'.length)}`);
    const call = { read: 'markRead', archive: 'archive', unarchive: 'unarchive', delete: 'remove' } as const;
    this.#onDevice(device, async () => {
      const { restoredAt } = this;
      await client[call[what]](id);
      if ((what === 'read' || what === 'delete') && restoredAt === this.restoredAt)
        this.acknowledged.push({ id, what });
    });
  }

  #onDevice(device: number, act: (client: NotificationClient) => Promise<void>): void {
    const index = device % this.clients.length;
    const client = this.clients[index];
    const process = this.#devices[index]?.process;
    if (client && process) this.simulation.after(process, 0, () => void act(client).catch(() => undefined));
  }

  #purge(): void {
    const replica = this.#replica();
    if (!replica) return;
    this.simulation.after(replica.process, 0, () => {
      replica.purge(replica.process.clock.now() - tombstoneMs).catch(() => undefined);
    });
  }

  /** The backup is older than what was acknowledged since; its last step is a new epoch, which may come late. */
  #restore(): void {
    const snapshot = this.#snapshot;
    if (!snapshot) return;
    this.database.restore(snapshot);
    const kept = this.database.messageIds();
    for (let number = 1; number <= this.#published; number += 1) {
      if (!kept.has(`event-${number}`)) this.takenBack.add(`event-${number}`);
    }
    this.acknowledged.length = 0;
    this.restoredAt = this.simulation.elapsed;
    const store = this.#stored[0] as NotificationStore;
    const renew = (): void => {
      store.newEpoch().then(
        () => {
          this.restoredAt = this.simulation.elapsed;
        },
        () => this.simulation.after(this.database.process, 200, renew),
      );
    };
    this.simulation.after(this.database.process, this.simulation.random.between(0, 2_000), renew);
  }

  #killHub(which: number): void {
    const worker = this.#hubs[which];
    if (!worker?.process.alive) return;
    this.#lostPlaces += worker.counted.get(lostPlacesMetric) ?? 0;
    worker.process.kill();
  }

  #freeze(one: { readonly process: { frozenUntil: number; clock: { now(): number } } } | undefined, ms: number): void {
    if (one) one.process.frozenUntil = one.process.clock.now() + ms;
  }

  #offline(device: Device | undefined, ms: number): void {
    if (!device) return;
    device.online = false;
    device.cut(500);
    this.#later(ms, () => {
      device.online = true;
    });
  }

  #later(ms: number, run: () => void): void {
    this.simulation.after(this.database.process, ms, run);
  }
}
