import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import { MajorityGate } from '#shared/stream/simulator/majority-gate.fixture.ts';
import type { SimulatedProcess, Simulation } from '#shared/stream/simulator/simulation.fixture.ts';
import { type Snapshot, SqliteMajority, type Tables } from '#shared/stream/simulator/sqlite-majority.fixture.ts';

type Closable = { close(): Promise<void> };

export type DatabaseKind<Store extends Closable> = {
  readonly tables: Tables;
  readonly metaTable: string;
  /** `Number` of all rows above a number. */
  readonly numbersAbove: string;
  readonly open: (file: string, clock: Clock) => Store;
  /** Calls that change nothing: they are answered from what the majority has. */
  readonly reads: readonly (keyof Store & string)[];
  /** Calls that may change something, and have changed nothing when they answer with an empty list. */
  readonly sweeps?: readonly (keyof Store & string)[];
};

/** The store's promises; broken by hand to see that it is noticed. */
export const breaches = { readsPrimary: false, answersEarly: false };

const made = new Map<object, SqliteMajority>();

/** Made once for each kind: a schema takes longer to make than a schedule to run. */
function databasesOf<Store extends Closable>(kind: DatabaseKind<Store>): SqliteMajority {
  let databases = made.get(kind);
  if (!databases) {
    databases = new SqliteMajority(kind.tables, (file) => {
      void kind.open(file, systemClock).close();
    });
    made.set(kind, databases);
  }
  return databases;
}

/** A database server: real SQLite stores over a primary and a majority. */
export class SimulatedDatabase<Store extends Closable> {
  readonly process: SimulatedProcess;
  readonly gate: MajorityGate;
  /** When the majority first had the row of that number, in the present life. */
  readonly committedAt = new Map<number, number>();
  readonly #simulation: Simulation;
  readonly #kind: DatabaseKind<Store>;
  readonly #databases: SqliteMajority;
  readonly #stores: Store[] = [];
  #committedThrough = 0;

  constructor(simulation: Simulation, kind: DatabaseKind<Store>) {
    this.#simulation = simulation;
    this.#kind = kind;
    this.process = simulation.start('database');
    this.#databases = databasesOf(kind);
    this.#databases.restore(new Map([[kind.metaTable, [{ Name: 'epoch', Value: 'first' }]]]));
    this.gate = new MajorityGate({
      simulation,
      process: this.process,
      databases: this.#databases,
      onConfirm: () => this.#noteCommitted(),
    });
  }

  /** As a service opens it; it lives as long as the database. */
  open(): Store {
    const { open, reads, sweeps = [] } = this.#kind;
    const writer = open(this.#databases.primary, this.process.clock);
    const reader = open(this.#databases.majority, this.process.clock);
    this.#stores.push(writer, reader);
    const readNames = new Set<string>(reads);
    return intercepted(writer, (name, args) => {
      if (readNames.has(name)) return callOf(breaches.readsPrimary ? writer : reader, name, args);
      const isSweep = (sweeps as readonly string[]).includes(name);
      return callOf(writer, name, args).then((answer) => {
        const nothing = isSweep && Array.isArray(answer) && answer.length === 0;
        return nothing || breaches.answersEarly ? answer : this.gate.confirmed().then(() => answer);
      });
    });
  }

  backUp(): Snapshot {
    return this.#databases.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.gate.restore(snapshot);
    this.committedAt.clear();
    this.#committedThrough = 0;
    this.#noteCommitted();
  }

  /** Of what the majority has. */
  read(sql: string): Record<string, unknown>[] {
    return this.#databases.read(sql);
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
  }

  #noteCommitted(): void {
    for (const row of this.#databases.read(this.#kind.numbersAbove, this.#committedThrough)) {
      const number = Number(row['Number']);
      if (!this.committedAt.has(number)) this.committedAt.set(number, this.#simulation.elapsed);
      this.#committedThrough = Math.max(this.#committedThrough, number);
    }
  }
}

/** The same store as a process on the other side of the network has it. */
export function overTheNetwork<Store extends Closable>(
  store: Store,
  process: SimulatedProcess,
  { simulation, database, loss }: { simulation: Simulation; database: SimulatedDatabase<Store>; loss: () => number },
): Store {
  return intercepted(store, (name, args) =>
    simulation.call(
      process,
      database.process,
      async () => {
        database.gate.refuseWhenDown();
        return callOf(store, name, args);
      },
      { loss: loss() },
    ),
  );
}

function callOf(store: object, name: string, args: readonly unknown[]): Promise<unknown> {
  const method = (store as Record<string, (...args: readonly unknown[]) => Promise<unknown>>)[name];
  if (!method) throw new Error(`the store has no ${name}`);
  return method.apply(store, [...args]);
}

function intercepted<Store extends object>(
  store: Store,
  call: (name: string, args: readonly unknown[]) => Promise<unknown>,
): Store {
  return new Proxy(store, {
    get: (_, name) =>
      typeof name === 'string' && name !== 'then' ? (...args: unknown[]) => call(name, args) : undefined,
  });
}
