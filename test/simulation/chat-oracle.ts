import type { MessageRow } from '#services/chat/domain/message-row.ts';
import type { Conversation } from '#services/client/chat/conversation.ts';
import { type ChatWorld, carol } from './chat-world.ts';
import { awaitedBy, brokenTo } from './stock-oracle.ts';

/** Why the world has not come to rest yet; undefined when every list is the store's and nothing waits to be published. */
export async function unsettled(world: ChatWorld): Promise<string | undefined> {
  const { platform } = world;
  if (platform.queue.waiting > 0) return `${platform.queue.waiting} events wait`;
  const pending = platform.database.read('SELECT Number FROM majorities.chat_message_rows WHERE PendingSince > 0');
  if (pending.length > 0) return `${pending.length} rows are pending`;
  return notShown(world);
}

/** Why somebody does not show what the store has. */
export async function notShown(world: ChatWorld): Promise<string | undefined> {
  const { platform } = world;
  const [truth, cursor] = [await world.truth(), await world.cursor()];
  for (const { device, client, conversation } of world.devices) {
    const name = device.process.name;
    if (client.state.connection.state !== 'connected') return `the ${name} is ${client.state.connection.state}`;
    if (!conversation) return `the ${name} has no conversation`;
    const isListed = client.state.conversations.some(({ id }) => id === conversation.id);
    const isIn = isMember(world, device.user);
    if (conversation.state.gone === isIn) return `the ${name} says ${isIn ? 'that he is out' : 'that he is in'}`;
    if (isListed !== isIn) return `the ${name} lists ${isListed ? 'what he left' : 'nothing'}`;
    if (!isIn) continue;
    const difference = differenceOf(conversation, truth.toReversed());
    if (difference) return `the ${name} ${difference}`;
    // Whose cursor stays behind reads all of it again each time, until it lies below the purge floor.
    if (conversation.cursor !== cursor) return `the ${name} stands at ${conversation.cursor} and the head is ${cursor}`;
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
  const missing = purged ? undefined : world.messages.missingFrom(new Set(keys), await platform.stored[0].epoch());
  if (missing !== undefined) return `message ${missing} was sent and is not stored`;
  if (platform.restoredAt < 0) {
    if (platform.lostPlaces > 0) return 'a hub gave up its place without a restore';
    for (const row of rows) {
      const published = world.published.get(String(row['Id']));
      if (!published?.sent) return `no event told that row ${row['Number']} is new`;
      if (!published.seqs.has(Number(row['Seq']))) return `no event told of row ${row['Number']} as it is now`;
    }
  }
  for (const [user, number] of world.readThrough) {
    if (Number(memberRow(world, user)?.['ReadThrough'] ?? 0) < number) return `${user} had read up to ${number}`;
  }
  const told = platform.restoredAt < 0 ? toldInAbsence(world) : undefined;
  if (told !== undefined) return `carol was told of row @${told} while she was not in`;
  const reason = brokenTo(world.stock, platform, truth);
  return reason && `the stock client ${reason}`;
}

function memberRow({ platform }: ChatWorld, user: string): Record<string, unknown> | undefined {
  return platform.database.read(`SELECT * FROM majorities.chat_members WHERE UserId = '${user}'`)[0];
}

function isMember(world: ChatWorld, user: string): boolean {
  return memberRow(world, user)?.['Present'] === 1;
}

/** The seq of a row that came to carol although its membership version is one that she is not in. */
function toldInAbsence(world: ChatWorld): number | undefined {
  const { platform, pushedToCarol } = world;
  const rows = platform.database.read(
    "SELECT Members, Seq, System FROM majorities.chat_message_rows WHERE System <> '' ORDER BY Members",
  );
  const changes: { from: number; isIn: boolean }[] = [];
  for (const row of rows) {
    const { action, userIds = [] } = JSON.parse(String(row['System'])) as { action: string; userIds?: string[] };
    if (userIds.includes(carol)) changes.push({ from: Number(row['Members']), isIn: action === 'added' });
  }
  // Who was never added was there from the beginning, or never.
  const wasIn = changes[0] ? !changes[0].isIn : isMember(world, carol);
  return pushedToCarol.find((seq) => !(changes.findLast(({ from }) => from <= seq)?.isIn ?? wasIn));
}

function differenceOf({ state }: Conversation, truth: readonly MessageRow[]): string | undefined {
  if (!state.loaded) return 'has loaded nothing';
  const from = state.hasMore ? (state.messages[0]?.number ?? 0) : 0;
  const wanted = truth
    .filter(({ number }) => number >= from)
    .map(({ id, number, content }) => `${number} ${content} ${id}`);
  const shown = state.messages
    .filter(({ deleted }) => !deleted)
    .map(({ id, number, content, delivery }) =>
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
