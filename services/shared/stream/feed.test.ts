import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerFeed,
  emptyHead,
  type Feed,
  type Head,
  headAt,
  headOfRows,
  type Place,
  placeOfChanged,
  placeOfNew,
  resumeAfter,
  StaleHeadError,
} from './feed.ts';

const row = (seq: number, number = seq) => ({ seq, number });
const reading = { after: 0, limit: 10, floor: 0, rows: [], head: emptyHead };

describe('feed', () => {
  it('reads through the last of its rows, and the head when there is none left', () => {
    const head = { seq: 9, number: 7 };
    expect(answerFeed({ ...reading, limit: 2, rows: [row(3), row(5), row(9)], head })).toEqual({
      rows: [row(3), row(5)],
      through: 5,
      head,
      reload: false,
    });
    expect(answerFeed({ ...reading, after: 9, head })).toEqual({ rows: [], through: 9, head, reload: false });
  });

  it('keeps the later state of a row that moved while it was read', () => {
    const { rows, through } = answerFeed({
      ...reading,
      rows: [row(3), row(4), row(8, 3)],
      head: { seq: 8, number: 4 },
    });
    expect(rows).toEqual([row(4), row(8, 3)]);
    expect(through).toBe(8);
  });

  it.each([
    ['above the head', { after: 10 }, true],
    ['at the head', { after: 9 }, false],
    ['below the floor', { after: 4, floor: 5 }, true],
    ['at the floor', { after: 5, floor: 5 }, false],
    ['at the beginning, below the floor', { after: 0, floor: 5 }, false],
    ['below a floor that was there at the beginning', { after: 4, floor: 5, since: 5 }, false],
    ['below a floor that has risen since the beginning', { after: 4, floor: 6, since: 5 }, true],
  ])('from %s asks for a reload or not', (_where, place, reload) => {
    const head = { seq: 9, number: 7 };
    const feed = answerFeed({ ...reading, ...place, head });
    expect(feed.reload).toBe(reload);
    if (reload) expect(feed).toMatchObject({ rows: [], through: 9, head });
  });

  it('knows the head from rows that reach the end', () => {
    const places = [placeOfNew({ seq: 3, number: 2 }), placeOfChanged({ seq: 4, number: 3 }, { seq: 2, number: 1 })];
    expect(headOfRows(places, 2)).toEqual({ seq: 5, number: 3 });
    expect(headOfRows(places, 1)).toBeUndefined();
    expect(headOfRows([], 1)).toBeUndefined();
  });

  it('never leaves a changed row where it is, or behind', () => {
    expect(placeOfChanged({ seq: 4, number: 3 }, { seq: 4, number: 3 })).toMatchObject({ seq: 5, number: 3 });
    expect(() => placeOfChanged({ seq: 3, number: 3 }, { seq: 4, number: 3 })).toThrow(StaleHeadError);
  });

  it('resumes a cursor of its own epoch only', () => {
    expect(resumeAfter({ epoch: 'a', seq: 7 }, 'a')).toBe(7);
    expect(resumeAfter({ epoch: 'a', seq: 7 }, 'b')).toBeUndefined();
    expect(resumeAfter(undefined, 'b')).toBe(0);
  });
});

type Guard = 'taken once for ever' | 'unique among the rows of now';
type ModelRow = Place & { readonly version: number };
/** `seq`: of the row when it was read, which may be after the head was. */
type Plan = { readonly head: Head; readonly target: number | 'new'; seq: number };
type Action =
  | { readonly kind: 'plan'; readonly writer: number; readonly target: number }
  | { readonly kind: 'look'; readonly writer: number }
  | { readonly kind: 'write'; readonly writer: number }
  /** Both at once, by somebody else. */
  | { readonly kind: 'change'; readonly target: number }
  | { readonly kind: 'read'; readonly limit: number };

/** Writers that plan from a head and write later, as on a store without transactions; and a reader by cursor. */
class Model {
  readonly rows = new Map<number, ModelRow>();
  readonly known = new Map<number, ModelRow>();
  readonly #guard: Guard;
  readonly #plans = new Map<number, Plan>();
  /** Which row has had a seq: a unique key does not keep a row off its own. */
  readonly #takenBy = new Map<number, number>();
  #cursor = 0;

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  apply(action: Action): void {
    if (action.kind === 'plan') this.#plan(action.writer, action.target);
    else if (action.kind === 'look') this.#look(action.writer);
    else if (action.kind === 'write') this.#write(action.writer);
    else if (action.kind === 'change') {
      this.#plan(-1, action.target);
      this.#write(-1);
    } else this.read(action.limit);
  }

  #plan(writer: number, target: number): void {
    const existing = [...this.rows.keys()][target];
    this.#plans.set(writer, { head: this.head(), target: existing ?? 'new', seq: 0 });
    this.#look(writer);
  }

  #look(writer: number): void {
    const plan = this.#plans.get(writer);
    if (plan && plan.target !== 'new') plan.seq = this.rows.get(plan.target)?.seq ?? 0;
  }

  #write(writer: number): void {
    const plan = this.#plans.get(writer);
    this.#plans.delete(writer);
    if (!plan) return;
    const place = placeOf(plan);
    if (!place || (plan.target === 'new' && this.rows.has(place.number))) return;
    // The update is for the row as it was read.
    if (plan.target !== 'new' && this.rows.get(plan.target)?.seq !== plan.seq) return;
    const takenBy =
      this.#guard === 'taken once for ever'
        ? this.#takenBy.get(place.seq)
        : [...this.rows.values()].find(({ seq }) => seq === place.seq)?.number;
    if (takenBy !== undefined && takenBy !== place.number) return;
    this.#takenBy.set(place.seq, place.number);
    this.rows.set(place.number, { ...place, version: (this.rows.get(place.number)?.version ?? 0) + 1 });
  }

  head(): Head {
    const newest = [...this.rows.values()].reduce<Place | undefined>(
      (highest, place) => (highest && highest.seq > place.seq ? highest : place),
      undefined,
    );
    return newest ? headAt(newest) : emptyHead;
  }

  read(limit: number): Feed<ModelRow> {
    const rows = [...this.rows.values()]
      .filter(({ seq }) => seq > this.#cursor)
      .sort((a, b) => a.seq - b.seq)
      .slice(0, limit + 1);
    const head = headOfRows(rows, limit) ?? this.head();
    const feed = answerFeed({ after: this.#cursor, limit, rows, head, floor: 0 });
    for (const known of feed.rows) this.known.set(known.number, known);
    this.#cursor = feed.through;
    return feed;
  }
}

/** undefined: the writer has to read again. */
function placeOf({ head, target, seq }: Plan): Place | undefined {
  if (target === 'new') return placeOfNew(head);
  try {
    return placeOfChanged(head, { seq, number: target });
  } catch (error) {
    if (error instanceof StaleHeadError) return undefined;
    throw error;
  }
}

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('plan' as const), writer: fc.nat(1), target: fc.nat(4) }),
    fc.record({ kind: fc.constant('look' as const), writer: fc.nat(1) }),
    fc.record({ kind: fc.constant('write' as const), writer: fc.nat(1) }),
    fc.record({ kind: fc.constant('change' as const), target: fc.nat(2) }),
    fc.record({ kind: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 3 }) }),
  ),
  { maxLength: 60 },
);

function readerKnowsAll(guard: Guard) {
  return fc.property(actions, (schedule) => {
    const model = new Model(guard);
    for (const action of schedule) model.apply(action);
    for (let feed = model.read(2); feed.through < feed.head.seq; ) feed = model.read(2);
    expect(Object.fromEntries(model.known)).toEqual(Object.fromEntries(model.rows));
    const numbers = [...model.rows.keys()].sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(model.head().number).toBe(numbers.length);
  });
}

describe('a stream whose writers plan from heads that may be old', () => {
  it('hides nothing from a reader when a seq is taken once for ever', () => {
    fc.assert(readerKnowsAll('taken once for ever'), { numRuns: 2_000 });
  });

  it('hides nothing when a writer reads the head before a row moves, and the row after', () => {
    const model = new Model('taken once for ever');
    const schedule: readonly Action[] = [
      { kind: 'change', target: 0 },
      { kind: 'plan', writer: 0, target: 0 },
      { kind: 'change', target: 0 },
      { kind: 'look', writer: 0 },
      { kind: 'read', limit: 1 },
      { kind: 'write', writer: 0 },
      { kind: 'read', limit: 1 },
    ];
    for (const action of schedule) model.apply(action);
    expect([...model.known.values()]).toEqual([...model.rows.values()]);
  });

  it('hides a row when a seq that a row has left can be taken again', () => {
    const schedule: readonly Action[] = [
      { kind: 'change', target: 0 },
      { kind: 'plan', writer: 0, target: 1 },
      { kind: 'change', target: 0 },
      { kind: 'change', target: 0 },
      { kind: 'read', limit: 1 },
      { kind: 'write', writer: 0 },
      { kind: 'read', limit: 1 },
    ];
    const run = (guard: Guard) => {
      const model = new Model(guard);
      for (const action of schedule) model.apply(action);
      return { rows: model.rows.size, known: model.known.size };
    };
    expect(run('unique among the rows of now')).toEqual({ rows: 2, known: 1 });
    expect(run('taken once for ever')).toEqual({ rows: 1, known: 1 });
    expect(fc.check(readerKnowsAll('unique among the rows of now'), { numRuns: 20_000 }).failed).toBe(true);
  });
});
