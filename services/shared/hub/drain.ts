import type { Clock } from '#shared/runtime/clock.ts';

export type DrainOptions<Member> = {
  readonly clock: Clock;
  readonly random: () => number;
  /** Closes are spread over this time. */
  readonly windowMs: number;
  /** How long closed connections may take to be gone. */
  readonly closeWaitMs: number;
  /** Live: shrinks as connections go, may still grow. */
  readonly members: ReadonlySet<Member>;
  /** Safe to call twice. */
  readonly close: (member: Member) => void;
};

const batchEveryMs = 100;

/** Closes all members in jittered batches, each told to come back. Resolves when all are gone or the time is over. */
export function drainMembers<Member>(options: DrainOptions<Member>): Promise<void> {
  const { clock, random, windowMs, closeWaitMs, members, close } = options;
  const startedAt = clock.now();
  const dueAt = new Map<Member, number>();
  return new Promise((resolve) => {
    const closeDue = () => {
      const now = clock.now();
      const left = Math.max(0, startedAt + windowMs - now);
      for (const member of members) {
        const due = dueAt.get(member) ?? now + random() * left;
        dueAt.set(member, due);
        if (due <= now || left === 0) close(member);
      }
      if (members.size === 0 || now >= startedAt + windowMs + closeWaitMs) resolve();
      else clock.after(Math.min(batchEveryMs, Math.max(1, windowMs / 4)), closeDue);
    };
    closeDue();
  });
}
