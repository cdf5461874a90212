import { type NotificationList, visibleRows } from '#services/client/notifications/notification-list.ts';
import type { NotificationRow } from '#services/notification/domain/notification-row.ts';
import type { NotificationWorld } from './notification-world.ts';
import type { StockSession } from './simulated-clients.ts';

/** Nobody without a cursor can be told of a restore: for that long around it he may miss rows. */
const restoreShadowMs = 25_000;

/** Why the world has not come to rest yet; undefined when every list is the store's. */
export async function unsettled(world: NotificationWorld): Promise<string | undefined> {
  if (world.queue.waiting > 0) return `${world.queue.waiting} events wait`;
  const truth = await world.truth();
  for (const [index, client] of world.clients.entries()) {
    const { list, connection } = client.state;
    const name = `client ${index}`;
    if (connection.state !== 'connected') return `${name} is ${connection.state}`;
    if (list.floor === Number.POSITIVE_INFINITY) return `${name} has loaded nothing`;
    const difference = differenceOf(list, truth.live);
    if (difference) return `${name}: ${difference}`;
    if (list.unread.certain && list.unread.count !== truth.unread) {
      return `${name} counts ${list.unread.count} unread ones of ${truth.unread}`;
    }
  }
  const behind = world.stock.map((client, index) => missedNow(world, client.sessions.at(-1), truth.live, index));
  return behind.find((reason) => reason !== undefined);
}

/** What was broken on the way; only after everything has settled. */
export async function broken(world: NotificationWorld): Promise<string | undefined> {
  const { live, archived } = await world.truth();
  const rows = new Map([...live, ...archived].map((row) => [row.id, row]));
  const stored = world.database.messageIds();
  for (const id of world.queue.acknowledged) {
    if (!stored.has(id) && !world.takenBack.has(id) && !world.mayBePurged(id))
      return `${id} was acknowledged and is not stored`;
  }
  const posts = [...rows.values()].map(({ entityId }) => entityId);
  if (new Set(posts).size < posts.length) return 'one event is stored twice';
  for (const { id, what } of world.acknowledged) {
    const row = rows.get(id);
    if (what === 'delete' && row) return `row ${row.number} is back, although its removal was confirmed`;
    if (what === 'read' && row && !row.isRead) return `row ${row.number} is unread again`;
  }
  for (const arrivals of world.arrivals) {
    for (const [id, times] of arrivals) {
      if (times > 1 && world.restoredAt < 0) return `row ${rows.get(id)?.number ?? id} was told of ${times} times`;
    }
  }
  if (world.lostPlaces > 0 && world.restoredAt < 0) return 'a hub gave up its place without a restore';
  for (const [index, { sessions, unknownMethods }] of world.stock.entries()) {
    const name = `stock client ${index}`;
    if (unknownMethods.size > 0) return `${name} was called ${[...unknownMethods].join(', ')}`;
    for (const session of sessions) {
      const reason = outOfOrder(world, session) ?? skipped(world, session, live);
      if (reason) return `${name}: ${reason}`;
    }
  }
  return undefined;
}

function differenceOf(list: NotificationList, live: readonly NotificationRow[]): string | undefined {
  const wanted = live.filter(({ number }) => number >= list.floor);
  const shown = visibleRows(list);
  const text = ({ id, seq, number, isRead }: { id: string; seq: number; number: number; isRead: boolean }) =>
    `${number}@${seq}${isRead ? ' read' : ''} ${id}`;
  const [is, should] = [shown.map(text), wanted.map(text)];
  const at = should.findIndex((row, index) => is[index] !== row);
  if (at < 0 && is.length === should.length) return undefined;
  const index = at < 0 ? should.length : at;
  return `shows ${is[index] ?? 'nothing'} where the store has ${should[index] ?? 'nothing'} (${is.length} of ${should.length})`;
}

/** Rows that a session must have: committed after it began, and there to this day. */
function due(world: NotificationWorld, since: number, live: readonly NotificationRow[]): NotificationRow[] {
  const from = Math.max(since, world.restoredAt + restoreShadowMs);
  return live.filter(({ number }) => (world.database.committed.get(number)?.at ?? 0) > from);
}

function missedNow(
  world: NotificationWorld,
  session: StockSession | undefined,
  live: readonly NotificationRow[],
  index: number,
): string | undefined {
  if (!session || session.endedAt !== Number.POSITIVE_INFINITY) return `stock client ${index} is not connected`;
  const got = new Set(session.received.map(({ id }) => id));
  const missing = due(world, session.since, live).find(({ id }) => !got.has(id));
  return missing && `stock client ${index} has not got row ${missing.number}`;
}

function outOfOrder(world: NotificationWorld, { received, endedAt, since }: StockSession): string | undefined {
  const ids = received.map(({ id }) => id);
  const inShadow = since < world.restoredAt + restoreShadowMs && endedAt > world.restoredAt - restoreShadowMs;
  const restored = world.restoredAt > 0 && inShadow;
  if (new Set(ids).size < ids.length && !restored) return 'got a row twice';
  const at = received.findIndex(({ number }, index) => number <= (received[index - 1]?.number ?? 0));
  if (at >= 0 && !restored) return `got row ${received[at]?.number} after row ${received[at - 1]?.number}`;
  return undefined;
}

/** Nothing between the first and the last row that came is missing, also where the connection ended then. */
function skipped(
  world: NotificationWorld,
  session: StockSession,
  live: readonly NotificationRow[],
): string | undefined {
  const after = world.restoredAt + restoreShadowMs;
  const last = Math.max(0, ...session.received.filter(({ at }) => at > after).map(({ number }) => number));
  const got = new Set(session.received.map(({ id }) => id));
  const missing = due(world, session.since, live).find(({ id, number }) => number < last && !got.has(id));
  return missing && `got row ${last} and never row ${missing.number}`;
}
