import type { Pair } from '../bootstrap.ts';
import type { LoadPlan, LoadResult } from './driver/loads.ts';
import { startDriver } from './driver.ts';
import { type ChatServers, type ChatSystem, startOurs, startPeer } from './systems.ts';

/** The same crowd on both: 25 groups of four, a socket each. */
export const crowd = { conversations: 25, membersEach: 4 } as const;

/** Above it the load generator measures itself. */
const maxGeneratorCpu = 0.7;

export type Contenders = AsyncDisposable & {
  readonly ours: ChatSystem;
  readonly peer: ChatSystem;
  /** The same load on one right after the other; who begins alternates. Rejects unless every POST is 201 and every message is displayed once. */
  inTurn(load: LoadPlan, title: string): Promise<Pair<LoadResult>>;
  /** Microseconds of each process for a message, of all that was run until now. */
  cpuPerMessage(): Pair<Readonly<Record<string, number>>>;
};

export async function startContenders(servers: ChatServers): Promise<Contenders> {
  await using parts = new AsyncDisposableStack();
  const ours = parts.use(await startOurs(servers));
  const peer = parts.use(await startPeer(servers));
  const systems = { ours, peer };
  const drivers = {
    ours: parts.use(await startDriver(ours, { ...crowd, clients: 'socket.io' })),
    peer: parts.use(await startDriver(peer, { ...crowd, clients: 'socket.io' })),
  };
  const spent = { ours: new CpuBook(), peer: new CpuBook() };
  let turn = 0;

  async function one(name: 'ours' | 'peer', load: LoadPlan): Promise<LoadResult> {
    const before = systems[name].cpuSeconds();
    const result = await drivers[name].run(load);
    spent[name].note(before, systems[name].cpuSeconds(), result.sent);
    const fault = faultOf(result);
    if (fault) throw new Error(`${name}: ${fault}\n${systems[name].output().slice(-4000)}`);
    return result;
  }

  const running = parts.move();
  return {
    ours,
    peer,
    async inTurn(load, title) {
      turn += 1;
      const results: Partial<Record<'ours' | 'peer', LoadResult>> = {};
      for (const name of turn % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const)) {
        results[name] = await one(name, load);
      }
      const pair = results as Pair<LoadResult>;
      process.stdout.write(`${title}: ours ${inWords(pair.ours)}, peer ${inWords(pair.peer)}\n`);
      return pair;
    },
    cpuPerMessage: () => ({ ours: spent.ours.perMessage(), peer: spent.peer.perMessage() }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export function faultOf({ sent, statuses, missing, duplicates }: LoadResult): string | undefined {
  if (statuses['201'] !== sent) return `of ${sent} POSTs not all were 201: ${JSON.stringify(statuses)}`;
  if (missing > 0) return `${missing} of ${sent} messages were not displayed to everybody`;
  return duplicates > 0 ? `${duplicates} messages were displayed twice` : undefined;
}

function inWords({ sent, seconds, generatorCpu }: LoadResult): string {
  const warning = generatorCpu > maxGeneratorCpu ? ` (generator at ${generatorCpu.toFixed(2)} of a core!)` : '';
  return `${Math.round(sent / seconds)}/s${warning}`;
}

class CpuBook {
  readonly #seconds: Record<string, number> = {};
  #messages = 0;

  note(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>, messages: number): void {
    for (const [name, seconds] of Object.entries(after)) {
      this.#seconds[name] = (this.#seconds[name] ?? 0) + seconds - (before[name] ?? 0);
    }
    this.#messages += messages;
  }

  perMessage(): Readonly<Record<string, number>> {
    const each = ([name, seconds]: [string, number]) => [name, (seconds / this.#messages) * 1e6] as const;
    return Object.fromEntries(Object.entries(this.#seconds).map(each));
  }
}
