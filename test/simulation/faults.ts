import type { SeededRandom } from '#shared/stream/simulator/seeded-random.fixture.ts';

/** What breaks, or what an operator does. `at` and `ms`: milliseconds, from the beginning and long. */
export type Fault =
  | { readonly at: number; readonly do: 'purge' | 'back-up' | 'restore' | 'roll-back' }
  | {
      readonly at: number;
      readonly do: 'kill-replica' | 'kill-hub' | 'freeze-replica' | 'freeze-hub';
      readonly which: number;
      readonly ms: number;
    }
  | { readonly at: number; readonly do: 'cut'; readonly device: number; readonly noticeMs: number }
  | { readonly at: number; readonly do: 'offline'; readonly device: number; readonly ms: number }
  | {
      readonly at: number;
      readonly do:
        | 'backplane-down'
        | 'frames-lost'
        | 'frames-hostile'
        | 'database-down'
        | 'database-lags'
        | 'calls-lost'
        | 'calls-late'
        | 'events-doubled'
        | 'broker-down'
        | 'confirms-late'
        | 'hub-calls-late';
      readonly ms: number;
    };

/** Actions and faults end here; what follows is healing. */
export const scheduleMs = 40_000;

/** @param moments when somebody does something: most faults come right after */
export function makeFaults(random: SeededRandom, moments: readonly number[], devices: number): Fault[] {
  const faults: Fault[] = [];
  const at = () => random.between(0, scheduleMs);
  const near = () => (random.chance(0.7) ? random.pick(moments) + random.between(0, 60) : at());
  const times = (most: number, make: () => Fault) => {
    for (let count = random.between(0, most); count > 0; count -= 1) faults.push(make());
  };
  const device = () => random.between(0, devices - 1);
  times(2, () => ({ at: at(), do: 'purge' }));
  times(3, () => ({
    at: near(),
    do: random.pick(['kill-replica', 'kill-hub', 'freeze-replica', 'freeze-hub'] as const),
    which: random.between(0, 1),
    ms: random.between(200, 6_000),
  }));
  times(3, () => ({ at: near(), do: 'cut', device: device(), noticeMs: random.pick([20, 500, 4_000]) }));
  if (random.chance(0.3)) {
    faults.push({ at: at(), do: 'offline', device: device(), ms: random.between(1_000, 35_000) });
  }
  times(3, () => ({
    at: near(),
    do: random.pick([
      'backplane-down',
      'frames-lost',
      'frames-hostile',
      'database-down',
      'calls-lost',
      'calls-late',
      'events-doubled',
      'broker-down',
    ] as const),
    ms: random.between(300, 8_000),
  }));
  if (random.chance(0.35)) {
    const lagsAt = near();
    faults.push({ at: lagsAt, do: 'database-lags', ms: random.between(500, 4_000) });
    if (random.chance(0.7)) faults.push({ at: lagsAt + random.between(20, 2_000), do: 'roll-back' });
  }
  if (random.chance(0.15)) {
    const backUpAt = random.between(2_000, scheduleMs / 2);
    faults.push({ at: backUpAt, do: 'back-up' });
    faults.push({ at: random.between(backUpAt, scheduleMs), do: 'restore' });
  }
  return faults;
}

/** One line that a person understands. */
export function inWords(step: { readonly at: number; readonly do: string }): string {
  const { at, do: what, ...rest } = step;
  const details = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  const seconds = (at / 1_000).toFixed(3).padStart(7);
  return `${seconds} s  ${what.replaceAll('-', ' ')}${details.length > 0 ? `, ${details.join(', ')}` : ''}`;
}
