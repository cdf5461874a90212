import { type Cursor, formatCursor, parseCursor } from '../../shared/contract/cursor.ts';

/** How much of a stream's change feed is in. */
export type StreamPlace = {
  /** Every change up to here is in; undefined: nothing is known yet. */
  readonly position: Cursor | undefined;
  /** Seqs beyond a gap after `position`. */
  readonly ahead: ReadonlySet<number>;
};

export const noPlace: StreamPlace = { position: undefined, ahead: new Set() };

export function placeAt(cursor: string): StreamPlace {
  return { position: parseCursor(cursor), ahead: new Set() };
}

export function cursorOf({ position }: StreamPlace): string | undefined {
  return position && formatCursor(position);
}

/** Whether changes between `position` and one that came are missing. The hub may send them yet, out of order. */
export function hasGap({ ahead }: StreamPlace): boolean {
  return ahead.size > 0;
}

/** Whether a stream whose head is `head` holds nothing that is not in. */
export function isAtHead({ position }: StreamPlace, head: string): boolean {
  const other = parseCursor(head);
  return other !== undefined && position?.epoch === other.epoch && position.seq >= other.seq;
}

/** Whether the change with that seq is in, or one that has replaced it: coming late, it would bring back what is gone. */
export function isIn({ position, ahead }: StreamPlace, seq: number): boolean {
  return position !== undefined && (seq <= position.seq || ahead.has(seq));
}

/** The change with that seq is in. */
export function withSeq<T extends StreamPlace>(place: T, seq: number): T {
  if (!place.position || seq <= place.position.seq) return place;
  return settled(place, place.position, new Set(place.ahead).add(seq));
}

/** The feed was read up to `read`: it leaves nothing out, so what lies before is no gap any more. */
export function withRead<T extends StreamPlace>(place: T, read: string): T {
  const cursor = parseCursor(read);
  if (!cursor || (place.position && place.position.epoch !== cursor.epoch)) return place;
  if (place.position && place.position.seq >= cursor.seq) return place;
  return settled(place, cursor, new Set(place.ahead));
}

function settled<T extends StreamPlace>(place: T, from: Cursor, ahead: Set<number>): T {
  let { seq } = from;
  while (ahead.delete(seq + 1)) seq += 1;
  for (const one of ahead) if (one <= seq) ahead.delete(one);
  return { ...place, position: { epoch: from.epoch, seq }, ahead };
}
