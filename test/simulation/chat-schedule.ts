import { SeededRandom } from '#shared/stream/simulator/seeded-random.fixture.ts';
import { type Fault, makeFaults, scheduleMs } from './faults.ts';

/** What a person does. `message`: an index into what the device shows. */
export type ChatAct =
  | { readonly at: number; readonly do: 'send'; readonly device: number; readonly count: number }
  | { readonly at: number; readonly do: 'edit' | 'delete'; readonly device: number; readonly message: number }
  | { readonly at: number; readonly do: 'mark-read' | 'load-more'; readonly device: number };

export type ChatStep = ChatAct | Fault;

export function makeChatSchedule(seed: number): readonly ChatStep[] {
  const random = new SeededRandom(seed ^ 0xc4a7);
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
    device: device(),
    message: random.between(0, 12),
  }));
  times(0, 3, () => ({ at: at(), do: random.pick(['mark-read', 'load-more'] as const), device: device() }));
  const moments = acts.map((act) => act.at);
  return [...acts, ...makeFaults(random, moments, 4)].sort((a, b) => a.at - b.at);
}
