import { SeededRandom } from '#shared/stream/simulator/seeded-random.fixture.ts';

/** What a person, a publisher or an operator does, or what breaks. `at`: ms since the beginning. */
export type Step =
  | { readonly at: number; readonly do: 'publish'; readonly count: number }
  | {
      readonly at: number;
      readonly do: 'read' | 'archive' | 'unarchive' | 'delete';
      readonly device: number;
      readonly row: number;
    }
  | { readonly at: number; readonly do: 'read-all' | 'load-more'; readonly device: number }
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
        | 'events-doubled';
      readonly ms: number;
    };

/** Actions and faults end here; what follows is healing. */
export const scheduleMs = 60_000;

export function makeSchedule(seed: number): readonly Step[] {
  const random = new SeededRandom(seed ^ 0x5eed);
  const steps: Step[] = [];
  const at = () => random.between(0, scheduleMs);
  const times = (least: number, most: number, make: () => Step) => {
    for (let count = random.between(least, most); count > 0; count -= 1) steps.push(make());
  };
  const device = () => random.between(0, 2);
  times(4, 14, () => ({ at: at(), do: 'publish', count: random.between(1, 4) }));
  times(0, 10, () => ({
    at: at(),
    do: random.pick(['read', 'archive', 'unarchive', 'delete', 'delete'] as const),
    device: device(),
    row: random.between(0, 12),
  }));
  times(0, 2, () => ({ at: at(), do: 'read-all', device: device() }));
  times(0, 2, () => ({ at: at(), do: 'load-more', device: device() }));
  times(0, 2, () => ({ at: at(), do: 'purge' }));
  // Where something happens, something breaks.
  const moments = steps.map((step) => step.at);
  const near = () => (random.chance(0.7) ? random.pick(moments) + random.between(0, 60) : at());
  times(0, 3, () => ({
    at: near(),
    do: random.pick(['kill-replica', 'kill-hub', 'freeze-replica', 'freeze-hub'] as const),
    which: random.between(0, 1),
    ms: random.between(200, 6_000),
  }));
  times(0, 3, () => ({ at: near(), do: 'cut', device: random.between(0, 3), noticeMs: random.pick([20, 500, 4_000]) }));
  if (random.chance(0.3))
    times(1, 1, () => ({ at: at(), do: 'offline', device: random.between(0, 3), ms: random.between(1_000, 50_000) }));
  times(0, 3, () => ({
    at: near(),
    do: random.pick([
      'backplane-down',
      'frames-lost',
      'frames-hostile',
      'database-down',
      'calls-lost',
      'events-doubled',
    ] as const),
    ms: random.between(300, 8_000),
  }));
  if (random.chance(0.35)) {
    const lagsAt = near();
    steps.push({ at: lagsAt, do: 'database-lags', ms: random.between(500, 4_000) });
    if (random.chance(0.7)) steps.push({ at: lagsAt + random.between(20, 2_000), do: 'roll-back' });
  }
  if (random.chance(0.15)) {
    const backUpAt = random.between(0, scheduleMs / 2);
    steps.push({ at: backUpAt, do: 'back-up' });
    steps.push({ at: random.between(backUpAt, scheduleMs), do: 'restore' });
  }
  return steps.sort((a, b) => a.at - b.at);
}

/** One line that a person understands. */
export function inWords(step: Step): string {
  const { at, do: what, ...rest } = step;
  const details = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  return `${(at / 1_000).toFixed(3).padStart(7)} s  ${what.replaceAll('-', ' ')}${details.length > 0 ? `, ${details.join(', ')}` : ''}`;
}
