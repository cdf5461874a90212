import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { connectMongoNotificationStore } from './mongo-notification-store.ts';
import { type newUser, notification } from './notification-store.fixture.ts';
import { openSqliteNotificationStore } from './sqlite-notification-store.ts';

// A process that writes until it is killed: `<sqlite file | mongodb url> <database> <user> <name>`. A line per answer.
const [place = '', database = '', user = '', name = ''] = process.argv.slice(2);
const log = createLogger({ name: 'writer', level: 'silent' });
const store = place.startsWith('mongodb:')
  ? connectMongoNotificationStore({ url: place, database, clock, log })
  : openSqliteNotificationStore({ file: place, clock, log });
const recipient = user as ReturnType<typeof newUser>;

for (let index = 0; ; index += 1) {
  const batch = Array.from({ length: 4 }, (_, part) => `${name}-${index}-${part}`);
  const answers = await Promise.all(
    batch.map((messageId) => store.append(notification(recipient, { messageId })).catch(() => undefined)),
  );
  for (const [part, answer] of answers.entries()) {
    if (answer) process.stdout.write(`stored ${batch[part]} ${answer.row.number}\n`);
  }
  const [first] = answers;
  if (first && (await store.change(recipient, first.row.id, 'read').catch(() => undefined))) {
    process.stdout.write(`read ${first.row.id}\n`);
  }
}
