import type { SeededRandom } from '#shared/stream/simulator/seeded-random.fixture.ts';
import { type Fault, scheduleMs } from './faults.ts';

/** What the themes of both houses need to say. `row`: counted from the newest. */
export type Vocabulary<Act> = {
  readonly devices: number;
  readonly speak: (at: number, count: number) => Act;
  /** By somebody who sees what the store has, whatever becomes of pushes. */
  readonly change: (at: number, row: number) => Act;
  readonly remove: (at: number, row: number) => Act;
  readonly loadMore: (at: number) => Act;
};

type Theme = <Act>(random: SeededRandom, words: Vocabulary<Act>) => readonly (Act | Fault)[];

/** Somebody is away while rows are deleted and their tombstones purged; sometimes the newest row is one of those. */
const away: Theme = (random, { devices, speak, remove }) => {
  const from = random.between(2_000, 4_500);
  const purgedAt = from + random.between(24_000, 29_000);
  const newestIsGone = random.chance(0.5);
  const steps = [speak(500, 3), speak(1_000, 2), speak(newestIsGone ? purgedAt + 1_000 : from + 4_000, 2)];
  for (let count = 3; count > 0; count -= 1) {
    steps.push(remove(from + random.between(700, 3_000), newestIsGone ? 0 : random.between(0, 3)));
  }
  const offline = (at: number): Fault => ({
    at,
    do: 'offline',
    device: random.between(0, devices - 1),
    ms: scheduleMs - at,
  });
  // Whoever leaves after the deletions knows the head that is purged then.
  const faults = [offline(from), offline(from), offline(newestIsGone ? purgedAt - 2_000 : from)];
  return [...steps, ...faults, { at: purgedAt, do: 'purge' }];
};

/** New rows change before anybody was pushed them: repairs are long, and the stream moves under them. */
const inTheDark: Theme = (random, { speak, change, remove }) => {
  const steps = [];
  const faults: Fault[] = [];
  for (let at = random.between(3_000, 8_000); at < 30_000; at += random.between(6_000, 10_000)) {
    const ms = random.between(500, 1_500);
    faults.push({
      at,
      do: random.pick(['frames-lost', 'frames-lost', 'frames-hostile', 'backplane-down'] as const),
      ms,
    });
    for (let burst = at + 100; burst < at + ms + 400; burst += random.between(60, 250)) {
      steps.push(speak(burst, random.between(1, 3)));
      for (let count = random.between(1, 3); count > 0; count -= 1) {
        const words = random.chance(0.75) ? change : remove;
        steps.push(words(burst + random.between(5, 300), random.between(0, 4)));
      }
    }
  }
  return [...steps, ...faults];
};

/** A replica freezes with rows in hand that a restore takes back, and wakes up in another life. */
const restored: Theme = (random, { speak, change, remove, devices }) => {
  const burst = random.between(8_000, 14_000);
  const faults: Fault[] = [
    { at: 3_000, do: 'back-up' },
    {
      at: burst + random.between(5, 60),
      do: 'freeze-replica',
      which: random.between(0, 1),
      ms: random.pick([8_000, 12_000]),
    },
    { at: burst + random.between(300, 800), do: 'restore' },
  ];
  if (random.chance(0.5)) {
    faults.push({
      at: burst - 1_000,
      do: 'offline',
      device: random.between(0, devices - 1),
      ms: random.between(3_000, 12_000),
    });
  }
  const after = burst + random.between(2_500, 6_000);
  return [
    speak(1_000, 3),
    // So many at once that the replica has an answer in hand, more often than not.
    ...[0, 0, 10].map((ms) => speak(burst + ms, 4)),
    change(burst + 20, 0),
    ...[0, 400, 900].map((ms) => speak(after + ms, random.between(1, 3))),
    change(after + random.between(500, 1_500), 1),
    remove(after + random.between(500, 1_500), 0),
    ...faults,
  ];
};

/** A row changes while somebody is away, and once more before the answer that tells him of it has come. */
const lateAnswers: Theme = (random, { devices, speak, change, remove, loadMore }) => {
  const steps = [speak(500, 4)];
  const faults: Fault[] = [];
  // A connection of less than 5 s makes the client wait longer for the next one.
  for (let at = random.between(2_500, 4_000); at < 35_000; at += random.between(6_200, 7_500)) {
    steps.push(speak(at - 500, 1));
    faults.push({ at, do: 'calls-late', ms: 3_000 });
    for (const device of [random.between(0, 1), random.between(0, devices - 1)]) {
      faults.push({ at, do: 'cut', device, noticeMs: 20 });
    }
    steps.push(change(at + random.between(10, 100), 0));
    steps.push((random.chance(0.6) ? remove : change)(at + random.between(300, 1_500), 0));
    if (random.chance(0.2)) steps.push(loadMore(at + random.between(500, 1_500)));
  }
  return [...steps, ...faults];
};

/** Everybody comes to workers that know nothing yet, while rows are written. */
const newWorkers: Theme = (random, { speak, change }) => {
  const steps = [];
  const faults: Fault[] = [];
  for (let at = random.between(2_000, 6_000); at < 32_000; at += random.between(7_000, 10_000)) {
    for (const which of [0, 1])
      faults.push({ at: at + random.between(0, 300), do: 'kill-hub', which, ms: random.between(200, 600) });
    for (let count = 8; count > 0; count -= 1) steps.push(speak(at + random.between(300, 4_000), 1));
    steps.push(change(at + random.between(500, 3_000), 0));
  }
  return [...steps, ...faults];
};

/** A row changes while its event is on its way, or its writer dies before it is. */
const unconfirmed: Theme = (random, { speak, change }) => {
  const steps = [];
  const faults: Fault[] = [];
  for (let at = random.between(1_000, 3_000); at < 33_000; at += random.between(4_000, 6_000)) {
    steps.push(speak(at, 1));
    const which = random.between(0, 1);
    if (random.chance(0.5)) {
      // It freezes with a confirm in hand, and wakes up when a later state of the row has found no broker.
      faults.push({ at: at + random.between(40, 130), do: 'freeze-replica', which, ms: 3_000 });
      faults.push({ at: at + 160, do: 'broker-down', ms: 3_600 });
      for (let count = 2; count > 0; count -= 1) steps.push(change(at + random.between(200, 1_500), 0));
      continue;
    }
    const changes = at + random.between(10, 140);
    for (let count = random.between(1, 3); count > 0; count -= 1)
      steps.push(change(changes + random.between(0, 60), 0));
    const when = changes + random.between(0, 120);
    const what = random.pick(['kill-replica', 'freeze-replica', 'calls-lost', 'broker-down', 'database-down'] as const);
    if (what === 'kill-replica' || what === 'freeze-replica') {
      faults.push({ at: when, do: what, which, ms: random.between(500, 5_500) });
    } else faults.push({ at: when, do: what, ms: random.between(100, 1_500) });
  }
  return [...steps, ...faults];
};

/** The broker confirms late: by then the row has moved on, and what tells of that has found no broker. */
const confirmedLate: Theme = (random, { speak, change }) => {
  const steps = [];
  const faults: Fault[] = [];
  for (let at = random.between(1_000, 3_000); at < 33_000; at += random.between(5_000, 7_000)) {
    steps.push(speak(at, 1), change(at + random.between(300, 700), 0));
    faults.push({ at: at - 50, do: 'confirms-late', ms: 300 }, { at: at + 250, do: 'broker-down', ms: 3_000 });
  }
  return [...steps, ...faults];
};

const themes = { away, inTheDark, restored, lateAnswers, newWorkers, unconfirmed, confirmedLate };

/** A schedule with one thing in it, often enough that a rule against it cannot hide. */
export function themed<Act>(
  random: SeededRandom,
  words: Vocabulary<Act>,
  names: readonly (keyof typeof themes)[],
): readonly (Act | Fault)[] {
  return themes[random.pick(names)](random, words);
}
