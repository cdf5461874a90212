import type { Backplane, BackplaneState, BackplaneSubscription, FrameListener } from '#shared/backplane/backplane.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { SimulatedProcess, Simulation } from './simulation.fixture.ts';

/** What may become of a frame, each a probability. */
export type FrameFaults = { readonly lost: number; readonly doubled: number; readonly late: number };

/** A backplane that breaks its word: frames overtake each other, come twice, late or never. */
export class HostileNetwork {
  faults: FrameFaults = { lost: 0, doubled: 0, late: 0 };
  readonly #simulation: Simulation;
  readonly #ends = new Set<HostileBackplane>();
  #state: BackplaneState = 'up';

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  get state(): BackplaneState {
    return this.#state;
  }

  connect(process: SimulatedProcess): HostileBackplane {
    const end = new HostileBackplane(this, this.#simulation, process);
    this.#ends.add(end);
    process.onDeath.add(() => this.#ends.delete(end));
    return end;
  }

  /** Each process notices in its own time. */
  turn(state: BackplaneState): void {
    this.#state = state;
    const { random } = this.#simulation;
    for (const end of this.#ends) this.#simulation.after(end.process, random.between(0, 200), () => end.notice(state));
  }

  spread(channel: string, frame: Uint8Array): void {
    const { random } = this.#simulation;
    const { lost, doubled, late } = this.faults;
    for (const end of this.#ends) {
      const copies = random.chance(lost) ? 0 : random.chance(doubled) ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        const delayMs = random.chance(late) ? random.between(100, 3_000) : random.between(1, 30);
        this.#simulation.after(end.process, delayMs, () => this.#state === 'up' && end.deliver(channel, frame));
      }
    }
  }
}

/** One process's connection to it. */
export class HostileBackplane implements Backplane {
  readonly process: SimulatedProcess;
  state: BackplaneState;
  readonly #network: HostileNetwork;
  readonly #simulation: Simulation;
  readonly #channels = new Map<string, Set<FrameListener>>();
  readonly #stateListeners: ((state: BackplaneState) => void)[] = [];
  #waiting: (() => void)[] = [];

  constructor(network: HostileNetwork, simulation: Simulation, process: SimulatedProcess) {
    this.#network = network;
    this.#simulation = simulation;
    this.process = process;
    this.state = network.state;
  }

  publish(channel: string, frame: Uint8Array): Promise<void> {
    return this.publishMany([channel], frame);
  }

  async publishMany(channels: readonly string[], frame: Uint8Array): Promise<void> {
    if (this.state === 'down') throw new PlatformError('unavailable', 'the simulated backplane is down');
    await this.#pause();
    if (this.#network.state === 'down') throw new PlatformError('unavailable', 'the simulated backplane is down');
    for (const channel of channels) this.#network.spread(channel, frame);
    await this.#pause();
  }

  async subscribe(channel: string, listener: FrameListener): Promise<BackplaneSubscription> {
    await this.#pause();
    if (this.state === 'down') await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const listeners = this.#channels.get(channel) ?? new Set();
    const slow = this.#simulation.random.chance(0.2);
    await this.#pause(slow ? 400 : undefined);
    this.#channels.set(channel, listeners.add(listener));
    await this.#pause();
    return { unsubscribe: () => listeners.delete(listener) };
  }

  onStateChange(listener: (state: BackplaneState) => void): void {
    this.#stateListeners.push(listener);
  }

  async close(): Promise<void> {
    this.#channels.clear();
  }

  deliver(channel: string, frame: Uint8Array): void {
    if (this.state === 'down') return;
    for (const listener of this.#channels.get(channel) ?? []) listener(frame);
  }

  notice(state: BackplaneState): void {
    if (this.#network.state !== state || this.state === state) return;
    this.state = state;
    if (state === 'up') for (const resolve of this.#waiting.splice(0)) resolve();
    for (const listener of this.#stateListeners) listener(state);
  }

  #pause(mostMs = 8): Promise<void> {
    return new Promise((resolve) =>
      this.#simulation.after(this.process, this.#simulation.random.between(0, mostMs), resolve),
    );
  }
}
