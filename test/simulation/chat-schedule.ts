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
/** Carol's. */
const watch = 4;

export function makeChatSchedule(seed: number): readonly ChatStep[] {
  const random = new SeededRandom(seed ^ 0xc4a7);
  const which = random.next();
  const make = [
    [0.45, mixed],
    [0.75, themedSteps],
    [0.84, comingsAndGoings],
    [0.9, addedAsSheConnects],
    [0.95, changedWhileSheIsOut],
  ] as const;
  const steps = (make.find(([below]) => which < below)?.[1] ?? restoredWhileAway)(random);
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
  const names = ['away', 'inTheDark', 'restored', 'restored', 'lateAnswers', 'unconfirmed', 'confirmedLate'] as const;
  return themed(random, words, names);
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

/** Carol connects anew just as she is added, while rows overtake each other and hubs wait for answers. */
function addedAsSheConnects(random: SeededRandom): readonly ChatStep[] {
  const steps: ChatStep[] = [];
  for (let at = random.between(1_500, 3_000); at < 33_000; at += random.between(6_000, 8_000)) {
    steps.push({ at: at - 1_400, do: 'remove' });
    steps.push({ at, do: 'cut', device: watch, noticeMs: 20 });
    steps.push({ at, do: 'frames-hostile', ms: 2_000 }, { at, do: 'hub-calls-late', ms: 2_000 });
    steps.push({ at: at + random.between(200, 800), do: 'add' });
    for (let count = 6; count > 0; count -= 1) {
      steps.push({ at: at + random.between(50, 1_000), do: 'send', device: random.between(0, 2), count: 1 });
    }
  }
  return steps;
}

/** Carol is out for a moment of which no worker hears, and rows of before change meanwhile. */
function changedWhileSheIsOut(random: SeededRandom): readonly ChatStep[] {
  const steps: ChatStep[] = [
    // The first row is published by a sweep: to her too, who came in unheard.
    { at: 300, do: 'frames-lost', ms: 1_700 },
    { at: random.between(500, 1_500), do: 'add' },
  ];
  for (let at = random.between(5_000, 7_000); at < 32_000; at += random.between(8_000, 10_000)) {
    steps.push({ at, do: random.pick(['backplane-down', 'frames-lost'] as const), ms: 3_000 });
    steps.push({ at: at + 100, do: 'send', device: random.between(0, 2), count: 1 });
    steps.push({ at: at + 500, do: 'remove' });
    steps.push({ at: at + random.between(700, 1_100), do: 'edit', device: byHand, message: random.between(0, 1) });
    steps.push({ at: at + 1_500, do: 'send', device: random.between(0, 2), count: 1 });
    steps.push({ at: at + 1_900, do: 'add' });
    steps.push({ at: at + 2_300, do: 'edit', device: byHand, message: random.between(0, 1) });
  }
  return steps;
}

/** Nobody is connected while a restore takes back comings and goings; then carol is removed in the new life. */
function restoredWhileAway(random: SeededRandom): readonly ChatStep[] {
  const steps: ChatStep[] = [
    { at: 500, do: 'add' },
    { at: 1_500, do: 'send', device: 0, count: 1 },
    { at: 3_000, do: 'back-up' },
  ];
  for (let at = 4_000; at < 9_000; at += 1_000) steps.push({ at, do: 'remove' }, { at: at + 500, do: 'add' });
  steps.push({ at: 9_200, do: 'send', device: 0, count: 1 });
  const awayAt = random.between(10_000, 12_000);
  for (let device = 0; device < devices; device += 1) steps.push({ at: awayAt, do: 'offline', device, ms: 4_500 });
  // A lost row and one that is not: whose place is not known any more begins anew.
  steps.push({ at: awayAt + 900, do: 'frames-lost', ms: 500 });
  for (const ms of [1_000, 1_450]) steps.push({ at: awayAt + ms, do: 'edit', device: byHand, message: 0 });
  steps.push({ at: awayAt + random.between(1_800, 2_200), do: 'restore' });
  steps.push({ at: awayAt + random.between(9_000, 14_000), do: 'remove' });
  steps.push({ at: awayAt + 16_000, do: 'send', device: 2, count: 1 });
  return steps;
}
