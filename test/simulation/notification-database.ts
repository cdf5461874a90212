import type { NotificationStore } from '#services/notification/store/notification-store.ts';
import { openSqliteNotificationStore } from '#services/notification/store/sqlite-notification-store.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { MajorityGate } from '#shared/stream/simulator/majority-gate.fixture.ts';
import type { SimulatedProcess, Simulation } from '#shared/stream/simulator/simulation.fixture.ts';
import { type Snapshot, SqliteMajority } from '#shared/stream/simulator/sqlite-majority.fixture.ts';
import { silentLog } from './silent.ts';

const tables = { notification_rows: ['Id'], notification_streams: ['RecipientId'], notification_meta: ['Name'] };
const openers: NotificationStore[] = [];
let shared: SqliteMajority | undefined;

/** Made once: the schema takes longer to make than a schedule to run. */
function databases(): SqliteMajority {
  shared ??= new SqliteMajority(tables, (file) => {
    openers.push(openSqliteNotificationStore({ file, clock: systemClock, log: silentLog }));
  });
  return shared;
}

/** One row as the majority saw it for the first time. */
export type CommittedRow = { readonly number: number; readonly messageId: string; readonly at: number };

/** The database server of the notification service: real SQLite stores over a primary and a majority. */
export class NotificationDatabase {
  readonly process: SimulatedProcess;
  readonly gate: MajorityGate;
  /** Of the present life. */
  readonly committed = new Map<number, CommittedRow>();
  readonly #simulation: Simulation;
  readonly #databases = databases();
  readonly #stores: NotificationStore[] = [];
  #committedThrough = 0;
  /** What of the store's promises is broken on purpose, by hand. */
  static readonly breach = { readsPrimary: false, answersEarly: false };

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.process = simulation.start('database');
    this.#databases.restore(new Map([['notification_meta', [{ Name: 'epoch', Value: 'first' }]]]));
    this.gate = new MajorityGate({
      simulation,
      process: this.process,
      databases: this.#databases,
      onConfirm: () => this.#noteCommitted(),
    });
  }

  /** As a service opens it; it lives as long as the database. */
  open(): NotificationStore {
    const clock = this.process.clock;
    const { primary, majority } = this.#databases;
    const writer = openSqliteNotificationStore({ file: primary, clock, log: silentLog });
    const reader = openSqliteNotificationStore({ file: majority, clock, log: silentLog });
    this.#stores.push(writer, reader);
    const { breach } = NotificationDatabase;
    const read = breach.readsPrimary ? writer : reader;
    const confirm = async <T>(write: Promise<T>): Promise<T> => {
      const answer = await write;
      if (!breach.answersEarly) await this.gate.confirmed();
      return answer;
    };
    return {
      append: (row) => confirm(writer.append(row)),
      change: (recipient, id, change) => confirm(writer.change(recipient, id, change)),
      readAll: (recipient) => confirm(writer.readAll(recipient)),
      list: (recipient, page) => read.list(recipient, page),
      countUnread: (recipient) => read.countUnread(recipient),
      heads: (recipients) => read.heads(recipients),
      changes: (recipient, after, limit) => read.changes(recipient, after, limit),
      epoch: () => reader.epoch(),
      newEpoch: () => confirm(writer.newEpoch()),
      purge: (options) => confirm(writer.purge(options)),
      ping: () => read.ping(),
      close: () => Promise.resolve(),
    };
  }

  backUp(): Snapshot {
    return this.#databases.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.gate.restore(snapshot);
    this.committed.clear();
    this.#committedThrough = 0;
    this.#noteCommitted();
  }

  messageIds(): Set<string> {
    return new Set(
      this.#databases.read('SELECT MessageId FROM majorities.notification_rows').map((row) => String(row['MessageId'])),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
  }

  #noteCommitted(): void {
    const rows = this.#databases.read(
      'SELECT Number, MessageId FROM majorities.notification_rows WHERE Number > ?',
      this.#committedThrough,
    );
    for (const row of rows) {
      const number = Number(row['Number']);
      this.committed.set(number, { number, messageId: String(row['MessageId']), at: this.#simulation.elapsed });
      this.#committedThrough = Math.max(this.#committedThrough, number);
    }
  }
}
