import type { UserId } from '#shared/contract/ids.ts';
import { maxUsersAsked, type StreamSource } from '#shared/contract/internal-calls.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { BatchReader } from './batch-reader.ts';
import type { ConversationEntry } from './conversation-entry.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { MembersNow } from './member-gate.ts';

export type MembersReaderOptions = {
  readonly source: StreamSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HubMetrics;
  readonly onRead: (entry: ConversationEntry, asked: readonly UserId[], now: MembersNow) => void;
};

type Part = { readonly entry: ConversationEntry; readonly asked: readonly UserId[]; readonly users: readonly UserId[] };

/** Streams of one read, and characters of user ids in one call: bounds its body. */
const maxBatch = 100;
const maxCallChars = 200_000;

/** Reads who of this worker's users is in which conversation: batched, one call after the other. */
export function createMembersReader(options: MembersReaderOptions): BatchReader<ConversationEntry> {
  const { source, clock, log, metrics, onRead } = options;

  async function read(entries: readonly ConversationEntry[]): Promise<void> {
    const parts = entries.filter(({ wantsMembers }) => wantsMembers).flatMap(partsOf);
    const answers = new Map<ConversationEntry, MembersNow>();
    for (const call of calls(parts)) {
      const requests = call.map(({ entry, users }) => ({ stream: entry.stream, users }));
      const { epoch, members } = await source.members({ requests });
      for (const [index, { entry }] of call.entries()) {
        const now = members[index];
        if (now?.stream === entry.stream) answers.set(entry, merge(answers.get(entry), { ...now, epoch }));
      }
    }
    const asked = new Map(parts.map((part) => [part.entry, part.asked]));
    for (const [entry, now] of answers) {
      metrics.membersReads.inc();
      if (!entry.dropped) onRead(entry, asked.get(entry) ?? [], now);
    }
  }

  return new BatchReader({
    what: 'members',
    maxBatch,
    clock,
    log,
    onFailure: () => metrics.sourceFailures.inc(),
    read,
  });
}

function partsOf(entry: ConversationEntry): Part[] {
  const { asked } = entry.gate;
  const parts: { entry: ConversationEntry; asked: readonly UserId[]; users: UserId[] }[] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const user of asked) {
    if (chars + user.length > maxCallChars || parts.at(-1)?.users.length === maxUsersAsked) {
      parts.push({ entry, asked, users: [] });
      chars = 0;
    }
    parts.at(-1)?.users.push(user);
    chars += user.length;
  }
  return parts.length > 0 ? parts : [{ entry, asked, users: [] }];
}

function* calls(parts: readonly Part[]): Generator<readonly Part[]> {
  let call: Part[] = [];
  let chars = 0;
  for (const part of parts) {
    const partChars = part.users.reduce((sum, user) => sum + user.length, 0);
    if (call.length > 0 && chars + partChars > maxCallChars) {
      yield call;
      call = [];
      chars = 0;
    }
    call.push(part);
    chars += partChars;
  }
  if (call.length > 0) yield call;
}

/** Of the parts of one conversation the oldest version holds for all of them. @throws Error for parts of two lives */
function merge(known: MembersNow | undefined, now: MembersNow): MembersNow {
  if (!known) return now;
  if (known.epoch !== now.epoch) throw new Error('the service has begun another life');
  return {
    epoch: now.epoch,
    version: Math.min(known.version, now.version),
    large: known.large || now.large,
    users: [...known.users, ...now.users],
    all: now.all,
  };
}
