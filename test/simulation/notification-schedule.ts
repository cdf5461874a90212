import { SeededRandom } from '#shared/stream/simulator/seeded-random.fixture.ts';
import { type Fault, makeFaults, scheduleMs } from './faults.ts';
import { themed } from './themes.ts';

/** What a publisher or a person does. `row`: an index into what the device shows, or the store where the device is `byHand`. */
export type NotificationAct =
  | { readonly at: number; readonly do: 'publish'; readonly count: number }
  | {
      readonly at: number;
      readonly do: 'read' | 'archive' | 'unarchive' | 'delete';
      readonly device: number;
      readonly row: number;
    }
  | { readonly at: number; readonly do: 'read-all' | 'load-more'; readonly device: number };

export type NotificationStep = NotificationAct | Fault;

/** No device: somebody who reads and writes by REST alone. */
export const byHand = 2;
const devices = 5;

export function makeNotificationSchedule(seed: number): readonly NotificationStep[] {
  const random = new SeededRandom(seed ^ 0x5eed);
  const steps = random.chance(0.5) ? mixed(random) : themedSteps(random);
  return [...steps].sort((a, b) => a.at - b.at);
}

function mixed(random: SeededRandom): readonly NotificationStep[] {
  const acts: NotificationAct[] = [];
  const at = () => random.between(0, scheduleMs);
  const times = (least: number, most: number, make: () => NotificationAct) => {
    for (let count = random.between(least, most); count > 0; count -= 1) acts.push(make());
  };
  const device = () => random.between(0, 1);
  times(4, 14, () => ({ at: at(), do: 'publish', count: random.between(1, 4) }));
  times(0, 10, () => ({
    at: at(),
    do: random.pick(['read', 'archive', 'unarchive', 'delete', 'delete'] as const),
    device: random.between(0, 2),
    row: random.between(0, random.pick([1, 12])),
  }));
  times(0, 2, () => ({ at: at(), do: 'read-all', device: device() }));
  times(0, 2, () => ({ at: at(), do: 'load-more', device: device() }));
  const moments = acts.map((act) => act.at);
  return [...acts, ...makeFaults(random, moments, devices)];
}

function themedSteps(random: SeededRandom): readonly NotificationStep[] {
  const words = {
    devices,
    speak: (at: number, count: number): NotificationAct => ({ at, do: 'publish', count }),
    change: (at: number, row: number): NotificationAct => ({
      at,
      do: random.pick(['read', 'read', 'archive', 'unarchive'] as const),
      device: byHand,
      row,
    }),
    remove: (at: number, row: number): NotificationAct => ({ at, do: 'delete', device: byHand, row }),
    loadMore: (at: number): NotificationAct => ({ at, do: 'load-more', device: random.between(0, 1) }),
  };
  return themed(random, words, ['away', 'inTheDark', 'inTheDark', 'restored', 'lateAnswers', 'newWorkers']);
}
