import type { StreamSource } from '#shared/contract/internal-calls.ts';
import { HostileNetwork } from '#shared/stream/simulator/hostile-backplane.fixture.ts';
import { type SimulatedProcess, Simulation } from '#shared/stream/simulator/simulation.fixture.ts';
import type { Snapshot } from '#shared/stream/simulator/sqlite-majority.fixture.ts';
import { EventQueue, type QueuedEvent } from './event-queue.ts';
import { type Fault, scheduleMs } from './faults.ts';
import { HubWorker } from './hub-worker.ts';
import type { Device, Internet } from './simulated-clients.ts';
import { type DatabaseKind, SimulatedDatabase } from './simulated-database.ts';

export type Replica = {
  readonly process: SimulatedProcess;
  readonly source: StreamSource;
  purge(deletedBefore: number): Promise<unknown>;
};

export type Service<Store extends { close(): Promise<void>; newEpoch(): Promise<string> }, R extends Replica> = {
  readonly database: DatabaseKind<Store>;
  /** @param stored the database as this replica opens it */
  readonly start: (name: string, stored: Store, platform: Platform<Store, R>) => R;
  readonly consume: (event: QueuedEvent, platform: Platform<Store, R>) => Consumer | undefined;
  readonly hubReads: 'notifications' | 'chat';
  /** The database was restored: which events of before are there? */
  readonly restored: () => void;
};

type Consumer = { readonly process: SimulatedProcess; handle(event: QueuedEvent): Promise<void> };

const lostPlacesMetric = 'hub_lost_places_total';
const usualFrameFaults = { lost: 0.02, doubled: 0.03, late: 0.03 };
const hostileFrameFaults = { lost: 0.3, doubled: 0.3, late: 0.3 };
const usuallyDoubled = 0.05;
/** Older tombstones are purged; whoever was away for less must miss nothing. */
const tombstoneMs = 20_000;

/** Two replicas of a service, two hub workers, a database, a broker and a backplane, all of which break when told to. */
export class Platform<Store extends { close(): Promise<void>; newEpoch(): Promise<string> }, R extends Replica> {
  readonly simulation: Simulation;
  readonly database: SimulatedDatabase<Store>;
  readonly stored: readonly [Store, Store];
  readonly queue: EventQueue;
  readonly backplane: HostileNetwork;
  readonly internet: Internet;
  readonly hubs: HubWorker[] = [];
  readonly devices: Device[] = [];
  /** When the last restore ended; negative: there was none. */
  restoredAt = Number.NEGATIVE_INFINITY;
  brokerIsDown = false;
  /** The broker has events at once, and says so after a while. */
  confirmsLate = false;
  /** No service answers the hubs. */
  hubsReadNothing = false;
  loss = 0;
  /** How often REST takes its time. */
  lateness = 0;
  /** How often a hub waits for what it has asked of a service. */
  hubLateness = 0;
  readonly #service: Service<Store, R>;
  readonly #replicas: R[] = [];
  #snapshot: Snapshot | undefined;
  #lostPlaces = 0;

  constructor(seed: number, service: Service<Store, R>) {
    const simulation = new Simulation(seed);
    this.simulation = simulation;
    this.#service = service;
    this.database = new SimulatedDatabase(simulation, service.database);
    this.stored = [this.database.open(), this.database.open()];
    this.backplane = new HostileNetwork(simulation);
    this.backplane.faults = usualFrameFaults;
    this.queue = new EventQueue(simulation, (event) => (this.brokerIsDown ? undefined : service.consume(event, this)));
    this.queue.doubled = usuallyDoubled;
    this.internet = {
      simulation,
      hub: () => this.#living(this.hubs),
      loss: () => this.loss,
      lateness: () => this.lateness,
    };
    for (const which of [0, 1]) {
      this.#startReplica(which);
      this.#startHub(which);
    }
  }

  /** How often a hub gave its place up for the head. */
  get lostPlaces(): number {
    const living = this.hubs.filter(({ process }) => process.alive);
    return living.reduce((sum, { counted }) => sum + (counted.get(lostPlacesMetric) ?? 0), this.#lostPlaces);
  }

  /** Any that lives. */
  replica(): R | undefined {
    return this.#living(this.#replicas);
  }

  hub(): HubWorker | undefined {
    return this.#living(this.hubs);
  }

  schedule<Act extends { readonly at: number; readonly do: string }>(
    steps: readonly (Act | Fault)[],
    act: (act: Act) => boolean,
  ): void {
    for (const step of steps) {
      this.later(step.at - this.simulation.elapsed, () => {
        if (!act(step as Act)) this.#break(step as Fault);
      });
    }
    this.later(scheduleMs - this.simulation.elapsed, () => this.heal());
  }

  later(ms: number, run: () => void): void {
    this.simulation.after(this.database.process, ms, run);
  }

  async close(): Promise<void> {
    await this.database.close();
  }

  #startReplica(which: number): void {
    const stored = this.stored[which];
    if (stored) this.#replicas[which] = this.#service.start(`replica ${which}`, stored, this);
  }

  #startHub(which: number): void {
    const replica = () => (this.hubsReadNothing ? undefined : this.replica());
    const isChat = this.#service.hubReads === 'chat';
    this.hubs[which] = new HubWorker(`hub ${which}`, {
      simulation: this.simulation,
      backplane: this.backplane,
      service: isChat ? () => undefined : replica,
      ...(isChat ? { chatService: replica } : {}),
      loss: () => this.loss,
      lateness: () => this.hubLateness,
    });
  }

  #living<T extends { readonly process: SimulatedProcess }>(all: readonly T[]): T | undefined {
    const living = all.filter(({ process }) => process.alive);
    return living.length > 0 ? this.simulation.random.pick(living) : undefined;
  }

  #break(fault: Fault): void {
    const { gate } = this.database;
    switch (fault.do) {
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
        gate.rollBack();
        break;
      case 'kill-replica':
        this.#replicas[fault.which]?.process.kill();
        this.later(fault.ms, () => this.#startReplica(fault.which));
        break;
      case 'kill-hub':
        this.#killHub(fault.which);
        this.later(fault.ms, () => this.#startHub(fault.which));
        break;
      case 'freeze-replica':
        freeze(this.#replicas[fault.which]?.process, fault.ms);
        break;
      case 'freeze-hub':
        freeze(this.hubs[fault.which]?.process, fault.ms);
        break;
      case 'cut':
        this.devices[fault.device]?.cut(fault.noticeMs);
        break;
      case 'offline':
        this.#offline(this.devices[fault.device], fault.ms);
        break;
      case 'backplane-down':
        this.backplane.turn('down');
        this.later(fault.ms, () => this.backplane.turn('up'));
        break;
      case 'frames-lost':
      case 'frames-hostile':
        this.backplane.faults = fault.do === 'frames-lost' ? { lost: 1, doubled: 0, late: 0 } : hostileFrameFaults;
        this.later(fault.ms, () => (this.backplane.faults = usualFrameFaults));
        break;
      case 'database-down':
        gate.down = true;
        this.later(fault.ms, () => (gate.down = false));
        break;
      case 'database-lags':
        gate.lagging = true;
        this.later(fault.ms, () => gate.catchUp());
        break;
      case 'calls-lost':
        this.loss = 0.2;
        this.later(fault.ms, () => (this.loss = 0));
        break;
      case 'calls-late':
        this.lateness = 0.7;
        this.later(fault.ms, () => (this.lateness = 0));
        break;
      case 'hub-calls-late':
        this.hubLateness = 0.7;
        this.later(fault.ms, () => (this.hubLateness = 0));
        break;
      case 'events-doubled':
        this.queue.doubled = 0.6;
        this.later(fault.ms, () => (this.queue.doubled = usuallyDoubled));
        break;
      case 'confirms-late':
        this.confirmsLate = true;
        this.later(fault.ms, () => (this.confirmsLate = false));
        break;
      case 'broker-down':
        this.brokerIsDown = true;
        this.later(fault.ms, () => (this.brokerIsDown = false));
        break;
    }
  }

  /** Ends what is broken; what was to be broken for longer may come back. */
  heal(): void {
    this.loss = 0;
    this.lateness = 0;
    this.hubLateness = 0;
    this.brokerIsDown = false;
    this.confirmsLate = false;
    this.queue.doubled = 0;
    this.backplane.faults = { lost: 0, doubled: 0, late: 0 };
    this.backplane.turn('up');
    this.database.gate.down = false;
    this.database.gate.catchUp();
    for (const device of this.devices) device.online = true;
  }

  #purge(): void {
    const replica = this.replica();
    if (!replica) return;
    this.simulation.after(replica.process, 0, () => {
      replica.purge(replica.process.clock.now() - tombstoneMs).catch(() => undefined);
    });
  }

  /** The backup is older than what was acknowledged since; its last step is a new epoch, which may come late. */
  #restore(): void {
    if (!this.#snapshot) return;
    this.database.restore(this.#snapshot);
    this.#service.restored();
    this.restoredAt = this.simulation.elapsed;
    const renew = (): void => {
      this.stored[0].newEpoch().then(
        () => {
          this.restoredAt = this.simulation.elapsed;
        },
        () => this.later(200, renew),
      );
    };
    this.later(this.simulation.random.between(0, 2_000), renew);
  }

  #killHub(which: number): void {
    const worker = this.hubs[which];
    if (!worker?.process.alive) return;
    this.#lostPlaces += worker.counted.get(lostPlacesMetric) ?? 0;
    worker.process.kill();
  }

  #offline(device: Device | undefined, ms: number): void {
    if (!device) return;
    device.online = false;
    device.cut(500);
    this.later(ms, () => (device.online = true));
  }
}

function freeze(process: SimulatedProcess | undefined, ms: number): void {
  if (process) process.frozenUntil = process.clock.now() + ms;
}
