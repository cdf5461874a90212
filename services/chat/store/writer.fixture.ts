import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { message } from './chat-store.fixture.ts';
import { connectMongoChatStore } from './mongo-chat-store.ts';
import { openSqliteChatStore } from './sqlite-chat-store.ts';

// A process that sends, edits, lets people in and out until it is killed:
// `<sqlite file | mongodb url> <database> <conversation> <user> <name>`. A line per answer.
const [place = '', database = '', conversation = '', user = '', name = ''] = process.argv.slice(2);
const log = createLogger({ name: 'writer', level: 'silent' });
const store = place.startsWith('mongodb:')
  ? connectMongoChatStore({ url: place, database, clock, log })
  : openSqliteChatStore({ file: place, clock, log });
const id = conversation as ConversationId;
const sender = user as UserId;
const guests = [`${name}-guest-a`, `${name}-guest-b`] as UserId[];

const quietly = <T>(call: Promise<T>) => call.catch(() => undefined);

for (let index = 0; ; index += 1) {
  const keys = Array.from({ length: 4 }, (_, part) => `${name}-${index}-${part}`);
  const sends = keys.map((clientMessageId) => quietly(store.send(message(id, sender, { clientMessageId }))));
  const membership =
    index % 2 === 0
      ? quietly(store.addMembers(id, sender, guests))
      : quietly(store.removeMember(id, sender, guests[index % 4 === 1 ? 0 : 1] ?? sender));
  const answers = await Promise.all(sends);
  for (const [part, answer] of answers.entries()) {
    if (answer) process.stdout.write(`stored ${keys[part]} ${answer.row.number}\n`);
  }
  const [first] = answers;
  if (first) {
    if (index % 3 === 0) await quietly(store.delete(first.row.id));
    else await quietly(store.edit(first.row.id, `edited ${index}`));
  }
  await membership;
}
