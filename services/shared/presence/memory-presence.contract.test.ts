import { createMemoryPresence, createPresenceTable } from './memory-presence.ts';
import { describePresence } from './presence.contract.ts';

describePresence('memory', async (ttlMs) => {
  const table = createPresenceTable();
  return {
    here: createMemoryPresence({ worker: 'here', table, ttlMs }),
    there: createMemoryPresence({ worker: 'there', table, ttlMs }),
  };
});
