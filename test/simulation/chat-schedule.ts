import { SeededRandom } from '#shared/stream/simulator/seeded-random.fixture.ts';
import { type Fault, makeFaults, scheduleMs } from './faults.ts';
import { themed } from './themes.ts';

/** What a person does. `message`: counted from the newest of those that the device shows, or of the store's `byHand`. */
export type ChatAct =
  | { readonly at: number; readonly do: 'send'; readonly device: number; readonly count: number }
  | { readonly at: number; readonly do: 'edit' | 'delete'; readonly device: number; readonly message: number }
  | { readonly at: number; readonly do: 'mark-read' | 'load-more'; readonly device: number }
  /** Carol, by alice. */
  | { readonly at: number; readonly do: 'add' | 'remove' };

export type ChatStep = ChatAct | Fault;

/** No device: somebody who reads and writes by REST alone. */
export const byHand = 3;
const devices = 5;

export function makeChatSchedule(seed: number): readonly ChatStep[] {
  const random = new SeededRandom(seed ^ 0xc4a7);
  const which = random.next();
  const steps = which < 0.45 ? mixed(random) : which < 0.75 ? themedSteps(random) : comingsAndGoings(random);
  return [...steps].sort((a, b) => a.at - b.at);
}

function mixed(random: SeededRandom): readonly ChatStep[] {
  const acts: ChatAct[] = [];
  const at = () => random.between(0, scheduleMs);
  const times = (least: number, most: number, make: () => ChatAct) => {
    for (let count = random.between(least, most); count > 0; count -= 1) acts.push(make());
  };
  const device = () => random.between(0, 2);
  times(4, 12, () => ({ at: at(), do: 'send', device: device(), count: random.between(1, 3) }));
  times(0, 8, () => ({
    at: at(),
    do: random.pick(['edit', 'edit', 'delete'] as const),
    device: random.between(0, 3),
    message: random.between(0, random.pick([1, 12])),
  }));
  times(0, 3, () => ({ at: at(), do: random.pick(['mark-read', 'load-more'] as const), device: device() }));
  times(0, 2, () => ({ at: at(), do: random.pick(['add', 'remove'] as const) }));
  const moments = acts.map((act) => act.at);
  return [...acts, ...makeFaults(random, moments, devices)];
}

function themedSteps(random: SeededRandom): readonly ChatStep[] {
  const words = {
    devices,
    speak: (at: number, count: number): ChatAct => ({ at, do: 'send', device: random.between(0, 2), count }),
    change: (at: number, message: number): ChatAct => ({ at, do: 'edit', device: byHand, message }),
    remove: (at: number, message: number): ChatAct => ({ at, do: 'delete', device: byHand, message }),
    loadMore: (at: number): ChatAct => ({ at, do: 'load-more', device: random.between(0, 2) }),
  };
  return themed(random, words, ['away', 'inTheDark', 'restored', 'lateAnswers', 'unconfirmed', 'unconfirmed']);
}

/** Carol is removed and added again while people write, and what tells of it is lost, late or taken by a worker that froze. */
function comingsAndGoings(random: SeededRandom): readonly ChatStep[] {
  const steps: ChatStep[] = [];
  let isIn = random.chance(0.5);
  for (let at = random.between(1_000, 4_000); at < 34_000; at += random.between(1_500, 6_000)) {
    for (let count = random.between(2, 4); count > 0; count -= 1) {
      steps.push({
        at: at + random.between(-80, 400),
        do: 'send',
        device: random.between(0, 2),
        count: random.between(1, 2),
      });
    }
    steps.push({ at, do: isIn ? 'remove' : 'add' });
    isIn = !isIn;
    if (random.chance(0.4)) {
      steps.push({ at: at + random.between(10, 300), do: isIn ? 'remove' : 'add' });
      isIn = !isIn;
    }
    if (random.chance(0.3))
      steps.push({ at: at + random.between(0, 400), do: 'edit', device: byHand, message: random.between(0, 5) });
  }
  return [
    ...steps,
    ...makeFaults(
      random,
      steps.map(({ at }) => at),
      devices,
    ),
  ];
}
