import type { MessageRow } from '#services/chat/domain/message-row.ts';
import type { Conversation } from '#services/client/chat/conversation.ts';
import type { ChatWorld } from './chat-world.ts';
import { awaitedBy, brokenTo } from './stock-oracle.ts';

/** Why the world has not come to rest yet; undefined when every list is the store's and nothing waits to be published. */
export async function unsettled(world: ChatWorld): Promise<string | undefined> {
  const { platform } = world;
  if (platform.queue.waiting > 0) return `${platform.queue.waiting} events wait`;
  const pending = platform.database.read('SELECT Number FROM majorities.chat_message_rows WHERE PendingSince > 0');
  if (pending.length > 0) return `${pending.length} rows are pending`;
  const truth = await world.truth();
  for (const { device, client, conversation } of world.devices) {
    const name = device.process.name;
    if (client.state.connection.state !== 'connected') return `the ${name} is ${client.state.connection.state}`;
    const difference = conversation ? differenceOf(conversation, truth.toReversed()) : 'has no conversation';
    if (difference) return `the ${name} ${difference}`;
  }
  const reason = awaitedBy(world.stock, platform, truth);
  return reason && `the stock client ${reason}`;
}

/** What was broken on the way; only after everything has settled. */
export async function broken(world: ChatWorld): Promise<string | undefined> {
  const { platform } = world;
  const truth = await world.truth();
  const rows = platform.database.read(
    'SELECT Id, Number, Seq, Deleted, ClientMessageId FROM majorities.chat_message_rows ORDER BY Number',
  );
  const purged = platform.database
    .read('SELECT Floor FROM majorities.chat_conversations')
    .some((row) => row['Floor'] !== 0);
  const live = new Set(truth.map(({ id }) => id));
  const known = new Set(rows.map((row) => row['Id']));
  for (const id of world.sent) if (!known.has(id) && !purged) return `message ${id} was acknowledged and is not stored`;
  for (const id of world.removed) if (live.has(id)) return `message ${id} is back, although its removal was confirmed`;
  const keys = rows.map((row) => row['ClientMessageId']).filter((key) => key !== null);
  if (new Set(keys).size < keys.length) return 'one message is stored twice';
  if (platform.restoredAt < 0) {
    if (platform.lostPlaces > 0) return 'a hub gave up its place without a restore';
    for (const row of rows) {
      const published = world.published.get(String(row['Id']));
      if (!published?.sent) return `no event told that row ${row['Number']} is new`;
      if (!published.seqs.has(Number(row['Seq']))) return `no event told of row ${row['Number']} as it is now`;
    }
  }
  const reason = brokenTo(world.stock, platform, truth);
  return reason && `the stock client ${reason}`;
}

function differenceOf({ state }: Conversation, truth: readonly MessageRow[]): string | undefined {
  if (!state.loaded) return 'has loaded nothing';
  const from = state.hasMore ? (state.messages[0]?.number ?? 0) : 0;
  const wanted = truth
    .filter(({ number }) => number >= from)
    .map(({ id, number, content }) => `${number} ${content} ${id}`);
  const shown = state.messages.map(({ id, number, content, delivery }) =>
    delivery === 'sent' ? `${number} ${content} ${id}` : `${delivery}: ${content}`,
  );
  const length = Math.max(wanted.length, shown.length);
  for (let index = 0; index < length; index += 1) {
    if (shown[index] !== wanted[index]) {
      return `shows ${shown[index] ?? 'nothing'} where the store has ${wanted[index] ?? 'nothing'}`;
    }
  }
  return undefined;
}
