import { useEffect, useState } from 'react';
import type { ParticipantDto } from '#shared/contract/chat-dto.ts';
import type { ConversationRow, RealtimeClient } from '../../../client/index.ts';

/** Everybody in it, as far as the server tells (500); of a large group those that its row names until the rest is read. */
export function useMembers(
  { api }: RealtimeClient,
  { id, participants, participantCount, cursor }: ConversationRow,
): { readonly members: readonly ParticipantDto[]; readonly error: unknown } {
  const whole = participants.length >= participantCount;
  const [read, setRead] = useState<{ members?: readonly ParticipantDto[]; error?: unknown }>({});
  // biome-ignore lint/correctness/useExhaustiveDependencies: the cursor moves when somebody comes or goes
  useEffect(() => {
    if (whole) return;
    let current = true;
    api.chat.participants(id).then(
      (members) => current && setRead({ members }),
      (error: unknown) => current && setRead((before) => ({ ...before, error })),
    );
    return () => {
      current = false;
    };
  }, [api, id, whole, cursor]);
  return { members: whole ? participants : (read.members ?? participants), error: whole ? undefined : read.error };
}
