import type { UserId } from '#shared/contract/ids.ts';
import type { PushRow } from '#shared/contract/push-frame.ts';
import { placesChangedBy } from './membership-row.ts';

export type AbsencesOptions = {
  /** As of which version the user is known to be in; undefined: he is not. */
  readonly versionOf: (user: UserId) => number | undefined;
};

/**
 * Who of those that are in now was out for a while of which the worker heard too late: nothing from the row that removed
 * him up to the one that let him in again is for him. The rows themselves tell, in the order in which they are handed on.
 */
export class Absences {
  readonly #versionOf: AbsencesOptions['versionOf'];
  /** Of each the version as of which he is back, at the latest. */
  readonly #until = new Map<UserId, number>();

  constructor({ versionOf }: AbsencesOptions) {
    this.#versionOf = versionOf;
  }

  get isEmpty(): boolean {
    return this.#until.size === 0;
  }

  /** Before that row is handed on. Answers who is back with it. */
  meet(row: PushRow): readonly UserId[] {
    const { users, isIn } = placesChangedBy(row);
    if (isIn) return this.isEmpty ? [] : this.#back((user, until) => users.includes(user) || isVersion(row, until));
    for (const user of users) {
      // Members of that version were read: who is in is so by a later row.
      const version = this.#versionOf(user);
      if (version !== undefined && version > row.seq) this.#until.set(user, version);
    }
    return [];
  }

  #back(isBack: (user: UserId, until: number) => boolean): readonly UserId[] {
    const back = [...this.#until].filter(([user, until]) => isBack(user, until)).map(([user]) => user);
    for (const user of back) this.#until.delete(user);
    return back;
  }

  /** undefined: he is not out. Else rows up to that seq are not for him. */
  until(user: UserId): number | undefined {
    return this.#until.get(user);
  }

  /** All rows up to `seq` were handed on: whose return none of them told is back all the same. */
  handedOn(seq: number): void {
    this.#back((_user, until) => until <= seq);
  }

  clear(): void {
    this.#until.clear();
  }
}

/** It made that version, whomever it names. */
function isVersion({ seq, members }: PushRow, version: number): boolean {
  return members === seq && seq >= version;
}
