import type { UserId } from '#shared/contract/ids.ts';
import type { PushRow } from '#shared/contract/push-frame.ts';
import { placesChangedBy } from './membership-row.ts';

export type AbsencesOptions = {
  /** As of which version the user is known to be in; undefined: he is not. */
  readonly versionOf: (user: UserId) => number | undefined;
};

/** He was in all along: the row with that seq, and what followed it, was kept from him. */
export type Owed = { readonly user: UserId; readonly since: number };

type Absence = {
  /** The version as of which he is back, at the latest. */
  readonly until: number;
  /** No row said that he was out. */
  readonly isDoubtful: boolean;
  /** The first row that was kept from him. */
  missed: number | undefined;
};

/**
 * Who of those that are in now was out for a while of which the worker heard too late: nothing from the row that removed
 * him up to the one that let him in again is for him. The rows themselves tell, in order of seq.
 * Of one who came in while older rows were to come nobody knows: he gets them if no row up to his version lets him in.
 */
export class Absences {
  readonly #versionOf: AbsencesOptions['versionOf'];
  readonly #absent = new Map<UserId, Absence>();

  constructor({ versionOf }: AbsencesOptions) {
    this.#versionOf = versionOf;
  }

  /** He came in, and is known to be in as of that version alone. */
  doubt(user: UserId, version: number): void {
    this.#absent.set(user, { until: version, isDoubtful: true, missed: undefined });
  }

  /** Of each row, in order of seq, before it is asked whom to keep it from. Answers who is back with it. */
  meet(row: PushRow): readonly UserId[] {
    if (row.members !== row.seq) return [];
    const { users, isIn } = placesChangedBy(row);
    if (isIn) return this.#back((user, absence) => users.includes(user) || isBackBy(row, absence));
    for (const user of users) {
      // Members of that version were read: who is in is so by a later row.
      const version = this.#versionOf(user);
      if (version !== undefined && version > row.seq) {
        this.#absent.set(user, { until: version, isDoubtful: false, missed: undefined });
      }
    }
    return [];
  }

  /** undefined: the row is for him as any other. Else it is not, or, `late`, he gets it as a change if he wants those. */
  keepFrom(user: UserId, { seq }: PushRow): 'kept' | 'late' | undefined {
    const absence = this.#absent.get(user);
    if (!absence) return undefined;
    const { until, isDoubtful, missed } = absence;
    if (isDoubtful && missed === undefined && seq >= until) return undefined;
    absence.missed = Math.min(seq, missed ?? seq);
    // A row that was changed since he is back is a change to him, as to any newcomer.
    return seq > until ? 'late' : 'kept';
  }

  /** All rows up to `seq` were handed on: whose return none of them told is back all the same. */
  handedOn(seq: number): readonly Owed[] {
    const owed: Owed[] = [];
    for (const [user, { until, isDoubtful, missed }] of this.#absent) {
      if (until > seq) continue;
      this.#absent.delete(user);
      if (isDoubtful && missed !== undefined) owed.push({ user, since: missed });
    }
    return owed;
  }

  get isEmpty(): boolean {
    return this.#absent.size === 0;
  }

  clear(): void {
    this.#absent.clear();
  }

  #back(isBack: (user: UserId, absence: Absence) => boolean): readonly UserId[] {
    const back = [...this.#absent].filter(([user, absence]) => isBack(user, absence)).map(([user]) => user);
    for (const user of back) this.#absent.delete(user);
    return back;
  }
}

/** Of one whom it does not name. Where he is in doubt that tells nothing: the first row names nobody of those who are in from there on. */
function isBackBy({ seq }: PushRow, { until, isDoubtful }: Absence): boolean {
  return !isDoubtful && seq >= until;
}
