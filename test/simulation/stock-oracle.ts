import type { Platform, Replica } from './platform.ts';
import type { StockClient, StockSession } from './stock-client.ts';

/** What an oracle needs of a row. */
export type TrueRow = { readonly id: string; readonly number: number };
type AnyPlatform = Pick<Platform<never, Replica>, 'restoredAt'> & {
  readonly database: { readonly committedAt: ReadonlyMap<number, number> };
};

/** Nobody without a cursor can be told of a restore: for that long around it he may miss rows. */
const restoreShadowMs = 15_000;

/** Why a stock client has not got all yet that it is to get. `live`: every row that is there. */
export function awaitedBy(
  { sessions }: StockClient,
  platform: AnyPlatform,
  live: readonly TrueRow[],
): string | undefined {
  const session = sessions.at(-1);
  if (!session || session.endedAt !== Number.POSITIVE_INFINITY) return 'is not connected';
  const got = new Set(session.received.map(({ id }) => id));
  const missing = due(platform, session.since, live).find(({ id }) => !got.has(id));
  return missing && `has not got row ${missing.number}`;
}

/** How the promise to a stock client was broken: each new row once and in order, while it is connected. */
export function brokenTo(
  { sessions, unknownMethods }: StockClient,
  platform: AnyPlatform,
  live: readonly TrueRow[],
): string | undefined {
  if (unknownMethods.size > 0) return `was called ${[...unknownMethods].join(', ')}`;
  for (const session of sessions) {
    const reason = outOfOrder(platform, session) ?? skipped(platform, session, live);
    if (reason) return reason;
  }
  return undefined;
}

/** Rows that a session must have: committed after it began, and there to this day. */
function due({ restoredAt, database }: AnyPlatform, since: number, live: readonly TrueRow[]): readonly TrueRow[] {
  const from = Math.max(since, restoredAt + restoreShadowMs);
  return live.filter(({ number }) => (database.committedAt.get(number) ?? 0) > from);
}

function outOfOrder({ restoredAt }: AnyPlatform, { received, endedAt, since }: StockSession): string | undefined {
  if (since < restoredAt + restoreShadowMs && endedAt > restoredAt - restoreShadowMs) return undefined;
  const ids = received.map(({ id }) => id);
  if (new Set(ids).size < ids.length) return 'got a row twice';
  const at = received.findIndex(({ number }, index) => number <= (received[index - 1]?.number ?? 0));
  return at < 0 ? undefined : `got row ${received[at]?.number} after row ${received[at - 1]?.number}`;
}

/** Nothing between the first and the last row that came is missing, also where the connection ended then. */
function skipped(platform: AnyPlatform, session: StockSession, live: readonly TrueRow[]): string | undefined {
  const after = platform.restoredAt + restoreShadowMs;
  const last = Math.max(0, ...session.received.filter(({ at }) => at > after).map(({ number }) => number));
  const got = new Set(session.received.map(({ id }) => id));
  const missing = due(platform, session.since, live).find(({ id, number }) => number < last && !got.has(id));
  return missing && `got row ${last} and never row ${missing.number}`;
}
