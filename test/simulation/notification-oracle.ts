import { type NotificationList, visibleRows } from '#services/client/notifications/notification-list.ts';
import { cursorOf } from '#services/client/stream/stream-place.ts';
import type { NotificationRow } from '#services/notification/domain/notification-row.ts';
import type { NotificationWorld } from './notification-world.ts';
import { awaitedBy, brokenTo } from './stock-oracle.ts';

/** Why the world has not come to rest yet; undefined when every list is the store's. */
export async function unsettled(world: NotificationWorld): Promise<string | undefined> {
  if (world.platform.queue.waiting > 0) return `${world.platform.queue.waiting} events wait`;
  const { live, archived } = await world.truth();
  return pollerDifference(world, [...live, ...archived]) ?? (await notShown(world));
}

/** Why somebody with a live connection does not show what the store has. */
export async function notShown(world: NotificationWorld): Promise<string | undefined> {
  const truth = await world.truth();
  for (const [index, client] of world.clients.entries()) {
    const { list, connection } = client.state;
    const name = `client ${index}`;
    if (connection.state !== 'connected') return `${name} is ${connection.state}`;
    if (list.floor === Number.POSITIVE_INFINITY) return `${name} has loaded nothing`;
    // Whose cursor stays behind reads all of it again each time, until it lies below the purge floor.
    if (cursorOf(list) !== truth.cursor) return `${name} stands at ${cursorOf(list)} and the head is ${truth.cursor}`;
    const difference = differenceOf(list, truth.live);
    if (difference) return `${name}: ${difference}`;
    if (list.unread.certain && list.unread.count !== truth.unread) {
      return `${name} counts ${list.unread.count} unread ones of ${truth.unread}`;
    }
  }
  for (const [index, client] of world.stock.entries()) {
    const reason = awaitedBy(client, world.platform, truth.live);
    if (reason) return `stock client ${index} ${reason}`;
  }
  return undefined;
}

/** What was broken on the way; only after everything has settled. */
export async function broken(world: NotificationWorld): Promise<string | undefined> {
  const { live, archived } = await world.truth();
  const rows = new Map([...live, ...archived].map((row) => [row.id, row]));
  const stored = world.messageIds();
  for (const id of world.platform.queue.acknowledged) {
    if (!stored.has(id) && !world.takenBack.has(id) && !world.deleted.has(id))
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
      if (times > 1 && world.platform.restoredAt < 0)
        return `row ${rows.get(id)?.number ?? id} was told of ${times} times`;
    }
  }
  if (world.platform.lostPlaces > 0 && world.platform.restoredAt < 0)
    return 'a hub gave up its place without a restore';
  for (const [index, client] of world.stock.entries()) {
    const reason = brokenTo(client, world.platform, live);
    if (reason) return `stock client ${index} ${reason}`;
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

function pollerDifference({ poller }: NotificationWorld, rows: readonly NotificationRow[]): string | undefined {
  if (poller.rows.size !== rows.length) return `the poller has ${poller.rows.size} of ${rows.length} rows`;
  for (const { id, seq, number, isRead, archived } of rows) {
    const known = poller.rows.get(id);
    const same = known?.seq === seq && known.archived === archived;
    if (!same || (known.isRead || number <= poller.readThrough) !== isRead)
      return `the poller has an old row ${number}`;
  }
  return undefined;
}
