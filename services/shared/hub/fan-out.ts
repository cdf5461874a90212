import { pushKinds } from '#shared/contract/push-frame.ts';
import type { Delivery } from '#shared/stream/position.ts';
import { EncodedCall } from './encoded-call.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { Member } from './member.ts';

type As = Delivery['as'];

export type FanOutOptions = {
  readonly metrics: HubMetrics;
  /** The client is further behind than its cap. */
  readonly onSlow: (member: Member) => void;
};

/** Hands one thing to many clients: encoded once per protocol, queued, nobody awaited. */
export class FanOut {
  readonly #options: FanOutOptions;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  /** `asFor`: as what a client gets the row; undefined: it doesn't. */
  row({ row }: Delivery, members: Iterable<Member>, asFor: (member: Member) => As | undefined): void {
    const { metrics, onSlow } = this.#options;
    const { receive, change } = pushKinds[row.kind];
    const calls = new Map<As, EncodedCall>();
    const counts = { receive: 0, change: 0 };
    for (const member of members) {
      const as = asFor(member);
      if (as === undefined) continue;
      const call = calls.get(as) ?? new EncodedCall(as === 'receive' ? (receive ?? change) : change, [row.body]);
      calls.set(as, call);
      counts[as] += 1;
      if (!member.enqueue(call.for(member.connection.protocol))) onSlow(member);
    }
    for (const as of calls.keys()) metrics.deliveries.inc({ as }, counts[as]);
  }

  /** What nobody repeats and clients need: their own membership. */
  call(method: string, args: readonly unknown[], members: Iterable<Member>): void {
    const call = new EncodedCall(method, args.map(toJson));
    for (const member of members) {
      if (!member.enqueue(call.for(member.connection.protocol))) this.#options.onSlow(member);
    }
  }

  /** Droppable: a client that is well behind does not get it, before it loses anything else. */
  signal(method: string, args: readonly unknown[], members: Iterable<Member>): void {
    this.encodedSignal(method, args.map(toJson), members);
  }

  /** @param args each the UTF-8 JSON of one argument */
  encodedSignal(method: string, args: readonly Uint8Array[], members: Iterable<Member>): void {
    const { metrics } = this.#options;
    const call = new EncodedCall(method, args);
    let [delivered, dropped] = [0, 0];
    for (const member of members) {
      if (member.enqueueDroppable(call, member.connection.protocol)) delivered += 1;
      else dropped += 1;
    }
    if (delivered > 0) metrics.deliveries.inc({ as: 'signal' }, delivered);
    if (dropped > 0) metrics.droppedSignals.inc(dropped);
  }
}

const toJson = (value: unknown) => Buffer.from(JSON.stringify(value));
