import { createMemoryPresence, type PresenceTable } from './memory-presence.ts';
import { describePresence } from './presence.contract.ts';

describePresence('memory', async (ttlMs) => {
  const table: PresenceTable = new Map();
  return {
    here: createMemoryPresence({ worker: 'here', table, ttlMs }),
    there: createMemoryPresence({ worker: 'there', table, ttlMs }),
  };
});
