import type { Cursor } from '#shared/contract/cursor.ts';

/**
 * The rules of a stream. Every row has a `seq`, unique in its stream, and a `number`, its constant place in the list
 * (0: no entry of the list). A new row takes head + 1 of both; a changed row moves to head + 1 of `seq` and keeps its
 * number. Whoever reads everything after a seq, ascending, meets the latest state of every row that changed since.
 *
 * That holds only if a seq is taken once for ever: not just unique among the rows of now, for a row that moves on
 * leaves its seq vacant, and a writer that planned from an old head would land there, behind readers. So a store takes
 * head and write in one transaction, or keeps every seq that a row has had under the unique key. A unique key does not
 * keep a row off its own seq: `placeOfChanged` does.
 */
export type Head = {
  /** Highest seq; 0 for an empty stream. */
  readonly seq: number;
  /** Highest number; 0 for an empty stream. */
  readonly number: number;
};

export const emptyHead: Head = { seq: 0, number: 0 };

/** Where a row lies, and the stream's highest number as of its seq: the row with the highest seq tells the whole head. */
export type Place = { readonly seq: number; readonly number: number; readonly headNumber: number };

/** The place of a new entry of the list. */
export function placeOfNew(head: Head): Place {
  return { seq: head.seq + 1, number: head.number + 1, headNumber: head.number + 1 };
}

/** The head was read before the row came to where it was met: read both again. */
export class StaleHeadError extends Error {
  override readonly name = 'StaleHeadError';
}

/**
 * The place of a row that changed. `row`: where it lies now; seq 0 for one that is new and has number 0.
 *
 * @throws StaleHeadError when the row would not move up, where no reader looks for it
 */
export function placeOfChanged(head: Head, row: { readonly seq: number; readonly number: number }): Place {
  if (head.seq < row.seq) throw new StaleHeadError('the head is older than the row');
  return { seq: head.seq + 1, number: row.number, headNumber: head.number };
}

export function headAt(place: Place): Head {
  return { seq: place.seq, number: place.headNumber };
}

/** "Changes after n". */
export type Feed<Row> = {
  /** Ascending by seq, latest state, each row once. */
  readonly rows: readonly Row[];
  /** How far this answer reads. */
  readonly through: number;
  readonly head: Head;
  /** What was asked cannot be answered from there: `rows` is empty and `through` is the head. */
  readonly reload: boolean;
};

export type FeedReading<Row> = {
  readonly after: number;
  /** Of a reader that began with nothing: the head when it began (`Cursor.since`). @default 0 */
  readonly since?: number;
  readonly limit: number;
  /** Rows above `after`, ascending, at most `limit + 1`; a row that moved meanwhile may be there twice. */
  readonly rows: readonly Row[];
  /** Read after `rows`, or not at all where `headOfRows` knows it. */
  readonly head: Head;
  /** Highest seq of what was purged, read after `rows`; 0: nothing was. */
  readonly floor: number;
};

/**
 * A floor hides nothing from a reader that starts at 0: what is purged were tombstones, and it knows none of the rows.
 * Nor does it on the reader's later pages, unless something was purged that was deleted since it began.
 */
export function answerFeed<Row extends { readonly seq: number; readonly number: number }>(
  reading: FeedReading<Row>,
): Feed<Row> {
  const { after, since = 0, limit, rows, head, floor } = reading;
  const isPurged = after > 0 && after < floor && since < floor;
  if (after > head.seq || isPurged) return { rows: [], through: head.seq, head, reload: true };
  const page = rows.slice(0, limit);
  const last = page.at(-1)?.seq ?? after;
  return { rows: latestOf(page), through: last, head, reload: false };
}

/** The head, when `rows` reach the end of the stream; undefined when it has to be read. */
export function headOfRows(rows: readonly Place[], limit: number): Head | undefined {
  const last = rows.at(-1);
  return last && rows.length <= limit ? headAt(last) : undefined;
}

function latestOf<Row extends { readonly number: number }>(rows: readonly Row[]): readonly Row[] {
  const latest = new Map(rows.map((row) => [row.number, row]));
  return latest.size === rows.length ? rows : rows.filter((row) => latest.get(row.number) === row);
}

/** Where to read on for the holder of `cursor` (undefined: one that has nothing yet); undefined: it must reload. */
export function resumeAfter(cursor: Cursor | undefined, epoch: string): number | undefined {
  if (!cursor) return 0;
  return cursor.epoch === epoch ? cursor.seq : undefined;
}
