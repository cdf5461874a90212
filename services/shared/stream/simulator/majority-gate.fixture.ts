import { PlatformError } from '#shared/contract/errors.ts';
import type { SimulatedProcess, Simulation } from './simulation.fixture.ts';
import type { Snapshot, SqliteMajority } from './sqlite-majority.fixture.ts';

type Waiter = { readonly resolve: () => void; readonly reject: (error: unknown) => void };

export type MajorityGateOptions = {
  readonly simulation: Simulation;
  /** The database server. */
  readonly process: SimulatedProcess;
  readonly databases: SqliteMajority;
  /** What was just confirmed can be read. */
  readonly onConfirm: () => void;
};

/** When the majority confirms, and what becomes of those who wait for that. */
export class MajorityGate {
  readonly #options: MajorityGateOptions;
  #waiting: Waiter[] = [];
  #scheduled = false;
  /** The others do not follow: nothing is confirmed. */
  lagging = false;
  /** Nobody is answered. */
  down = false;

  constructor(options: MajorityGateOptions) {
    this.#options = options;
  }

  /** Resolves once all that the primary holds now is confirmed. @throws `unavailable` when it was rolled back */
  confirmed(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#schedule();
    });
  }

  catchUp(): void {
    this.lagging = false;
    this.#schedule();
  }

  rollBack(): void {
    this.#options.databases.rollBack();
    this.#refuse('not confirmed by the majority');
    this.catchUp();
  }

  restore(snapshot: Snapshot): void {
    this.#options.databases.restore(snapshot);
    this.#refuse('the database was restored');
  }

  refuseWhenDown(): void {
    if (this.down) throw new PlatformError('unavailable', 'the simulated database is down');
  }

  #schedule(): void {
    if (this.#scheduled || this.lagging) return;
    this.#scheduled = true;
    const { simulation, process, databases, onConfirm } = this.#options;
    simulation.after(process, simulation.random.between(0, 6), () => {
      this.#scheduled = false;
      if (this.lagging) return;
      databases.replicate();
      onConfirm();
      for (const { resolve } of this.#waiting.splice(0)) resolve();
    });
  }

  #refuse(why: string): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new PlatformError('unavailable', why));
  }
}
