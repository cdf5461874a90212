import type { SimulatedProcess, Simulation } from '#shared/stream/simulator/simulation.fixture.ts';

export type QueuedEvent = { readonly messageId: string; readonly payload: object };
export type EventConsumer = { readonly process: SimulatedProcess; handle(event: QueuedEvent): Promise<void> };

/** A queue of a broker: at least once, in no order, until somebody has acknowledged. */
export class EventQueue {
  readonly acknowledged = new Set<string>();
  readonly #simulation: Simulation;
  readonly #process: SimulatedProcess;
  readonly #consumer: () => EventConsumer | undefined;
  /** How often an event that was acknowledged comes once more. */
  doubled = 0;
  waiting = 0;

  constructor(simulation: Simulation, consumer: () => EventConsumer | undefined) {
    this.#simulation = simulation;
    this.#process = simulation.start('broker');
    this.#consumer = consumer;
  }

  publish(event: QueuedEvent): void {
    this.waiting += 1;
    this.#deliver(event, this.#simulation.random.between(0, 10));
  }

  #deliver(event: QueuedEvent, delayMs: number): void {
    const { random } = this.#simulation;
    this.#simulation.after(this.#process, delayMs, () => {
      const consumer = this.#consumer();
      this.#simulation
        .call(this.#process, consumer?.process, async () => consumer?.handle(event))
        .then(
          () => this.#done(event),
          () => this.#deliver(event, random.between(20, 800)),
        );
    });
  }

  #done(event: QueuedEvent): void {
    if (!this.acknowledged.has(event.messageId)) this.waiting -= 1;
    this.acknowledged.add(event.messageId);
    const { random } = this.#simulation;
    if (random.chance(this.doubled)) this.#deliver(event, random.between(1, 5_000));
  }
}
