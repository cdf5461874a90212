import type { SimulatedProcess, Simulation } from '#shared/stream/simulator/simulation.fixture.ts';

export type QueuedEvent = { readonly exchange: string; readonly messageId: string; readonly payload: object };
export type EventConsumer = { readonly process: SimulatedProcess; handle(event: QueuedEvent): Promise<void> };

/** A queue of a broker: at least once, in no order, until somebody has acknowledged. */
export class EventQueue {
  readonly acknowledged = new Set<string>();
  readonly #simulation: Simulation;
  readonly process: SimulatedProcess;
  readonly #consumer: (event: QueuedEvent) => EventConsumer | undefined;
  /** How often an event that was acknowledged comes once more. */
  doubled = 0;
  readonly #undone = new Set<QueuedEvent>();

  constructor(simulation: Simulation, consumer: (event: QueuedEvent) => EventConsumer | undefined) {
    this.#simulation = simulation;
    this.process = simulation.start('broker');
    this.#consumer = consumer;
  }

  get waiting(): number {
    return this.#undone.size;
  }

  /** The same event may be published more than once. */
  publish(event: QueuedEvent): void {
    this.#undone.add(event);
    this.#deliver(event, this.#simulation.random.between(0, 10));
  }

  #deliver(event: QueuedEvent, delayMs: number): void {
    const { random } = this.#simulation;
    this.#simulation.after(this.process, delayMs, () => {
      const consumer = this.#consumer(event);
      this.#simulation
        .call(this.process, consumer?.process, async () => consumer?.handle(event))
        .then(
          () => this.#done(event),
          () => this.#deliver(event, random.between(20, 800)),
        );
    });
  }

  #done(event: QueuedEvent): void {
    this.#undone.delete(event);
    this.acknowledged.add(event.messageId);
    const { random } = this.#simulation;
    if (random.chance(this.doubled)) this.#deliver(event, random.between(1, 5_000));
  }
}
