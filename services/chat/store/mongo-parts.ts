import type { Clock } from '#shared/runtime/clock.ts';
import { MongoChanges } from './mongo-changes.ts';
import { MongoConversations } from './mongo-conversations.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { MongoHeads } from './mongo-heads.ts';
import { MongoMemberships } from './mongo-memberships.ts';
import { MongoOutbox } from './mongo-outbox.ts';
import { MongoPlaces } from './mongo-places.ts';
import { MongoRows } from './mongo-rows.ts';
import { MongoSends } from './mongo-sends.ts';
import { MongoTellings } from './mongo-tellings.ts';

export type MongoParts = ReturnType<typeof assembleMongoParts>;

/** The adapter's parts on one connection, which hold nothing themselves. */
export function assembleMongoParts(database: MongoDatabase, clock: Clock) {
  const rows = new MongoRows(database);
  const heads = new MongoHeads(database, rows);
  const sends = new MongoSends(database, rows, heads);
  const changes = new MongoChanges(database, rows, heads, clock);
  const outbox = new MongoOutbox(database, heads, clock);
  const conversations = new MongoConversations(database);
  const places = new MongoPlaces(database);
  const tellings = new MongoTellings({ database, rows, heads, places, clock });
  const memberships = new MongoMemberships({ database, rows, conversations, places, tellings, clock });
  return { rows, heads, sends, changes, outbox, conversations, places, tellings, memberships };
}
