import { PlatformError } from '#shared/contract/errors.ts';
import type { StreamId } from '#shared/contract/ids.ts';
import type {
  ChangesAnswer,
  ChangesRequest,
  HeadsAnswer,
  HeadsRequest,
  MembersAnswer,
  MembershipsAnswer,
  MembershipsSinceAnswer,
  StreamSource,
} from '#shared/contract/internal-calls.ts';
import type { SimulatedStream } from './position-simulator.fixture.ts';

/** A service's answers about simulated streams, with the faults that tests ask for. */
export class SimulatedSource implements StreamSource {
  epoch = 'epoch';
  down = false;
  /** Rows of one page at most. */
  pageRows = Number.POSITIVE_INFINITY;
  headReads = 0;
  changeReads = 0;
  /** Set: answers wait for it. */
  gate: Promise<void> | undefined;
  readonly #streams = new Map<StreamId, SimulatedStream>();

  add(stream: SimulatedStream): SimulatedStream {
    this.#streams.set(stream.stream, stream);
    return stream;
  }

  async heads({ streams }: HeadsRequest): Promise<HeadsAnswer> {
    await this.#answering();
    this.headReads += 1;
    const heads = streams.map((stream) => {
      const simulated = this.#streams.get(stream);
      const { seq, number } = simulated?.head ?? { seq: 0, number: 0 };
      return { stream, seq, number, members: simulated?.members ?? 0 };
    });
    return { epoch: this.epoch, heads };
  }

  async changes({ requests, limit = 200 }: ChangesRequest): Promise<ChangesAnswer> {
    await this.#answering();
    this.changeReads += 1;
    const rows = Math.min(limit, this.pageRows);
    const empty = { rows: [], through: 0, head: { seq: 0, number: 0, members: 0 }, reload: false };
    const changes = requests.map(({ stream, after }) => ({
      ...(this.#streams.get(stream)?.changes(after, rows) ?? empty),
      stream,
    }));
    return { epoch: this.epoch, changes };
  }

  async memberships(): Promise<MembershipsAnswer> {
    await this.#answering();
    return { epoch: this.epoch, memberships: [] };
  }

  async membershipsSince(): Promise<MembershipsSinceAnswer> {
    await this.#answering();
    return { token: '', memberships: [], reload: false };
  }

  async members(): Promise<MembersAnswer> {
    await this.#answering();
    return { epoch: this.epoch, members: [] };
  }

  async #answering(): Promise<void> {
    await this.gate;
    if (this.down) throw new PlatformError('unavailable', 'the simulated service is down');
  }
}
