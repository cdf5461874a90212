import { useCallback, useEffect, useSyncExternalStore } from 'react';
import type { ChatClientState } from '../chat/chat-client-state.ts';
import type { Conversation } from '../chat/conversation.ts';
import type { ConversationState } from '../chat/conversation-state.ts';
import type { RealtimeClient } from '../connect.ts';
import type { NotificationClientState } from '../notifications/notification-client.ts';

/** The user's notifications and their connection, as of now. */
export function useNotifications(client: RealtimeClient): NotificationClientState {
  return useState(client.notifications);
}

/** The user's conversations and their connection, as of now. */
export function useConversations(client: RealtimeClient): ChatClientState {
  return useState(client.chat);
}

/** One conversation, open for as long as the component is there; with what can be done in it. */
export function useConversation(
  client: RealtimeClient,
  id: string,
): ConversationState & { readonly actions: Conversation } {
  const conversation = client.chat.conversation(id);
  useEffect(() => conversation.open(), [conversation]);
  return { ...useState(conversation), actions: conversation };
}

/** Whether these users are there; whoever is missing is unknown. `userIds` must be stable. */
export function usePresence(client: RealtimeClient, userIds: readonly string[]): ChatClientState['presence'] {
  const { chat } = client;
  useEffect(() => chat.watchPresence(userIds), [chat, userIds]);
  return useState(chat).presence;
}

function useState<State>(source: { readonly state: State; onChange(listener: () => void): () => void }): State {
  const subscribe = useCallback((listener: () => void) => source.onChange(listener), [source]);
  const read = useCallback(() => source.state, [source]);
  return useSyncExternalStore(subscribe, read, read);
}
