import { SeededRandom } from '#shared/stream/simulator/seeded-random.fixture.ts';

export const victims = [
  'chat-0',
  'chat-1',
  'hub-0',
  'hub-1',
  'gateway-0',
  'gateway-1',
  'redis',
  'rabbitmq',
  'mongo',
] as const;
export type Victim = (typeof victims)[number];

export type Fault = {
  readonly victim: Victim;
  /** SIGKILL, and a new process later; or SIGSTOP, and SIGCONT later. */
  readonly kind: 'kill' | 'freeze';
  /** Messages that are shown to everybody before it strikes. */
  readonly afterShown: number;
  /** How long it lasts, in ms. */
  readonly lastsMs: number;
};

/** What happens to the servers in one round: the same for the same seed. */
export function scheduleOf(seed: number): readonly Fault[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: random.between(2, 4) }, () => ({
    victim: random.pick(victims),
    kind: random.chance(0.6) ? 'kill' : 'freeze',
    afterShown: random.between(1, 12),
    lastsMs: random.between(100, 2_500),
  }));
}

export function inWords(seed: number, faults: readonly Fault[]): string {
  const steps = faults.map(
    ({ victim, kind, afterShown, lastsMs }) => `${kind} ${victim} after ${afterShown} more for ${lastsMs} ms`,
  );
  return `SEED=${seed}: ${steps.join(', ')}`;
}
