import { eventually } from '../../../test/eventually.ts';
import type { TestClient } from './chat-world.fixture.ts';
import type { Conversation } from './conversation.ts';

/** @param of default the one of alice and bob */
export async function opened({ client, network, id }: TestClient, of = id): Promise<Conversation> {
  const conversation = client.conversation(of);
  conversation.open();
  await eventually(() => (conversation.state.loaded ? undefined : `not loaded: ${conversation.state.fault}`));
  await network.quiet();
  return conversation;
}

/** What people wrote in it, as it is shown. */
export function contents({ state }: Conversation): string[] {
  return state.messages.filter(({ system, deleted }) => !system && !deleted).map(({ content }) => content);
}

export function shows(conversation: Conversation, expected: readonly string[]): Promise<void> {
  return eventually(() => {
    const shown = contents(conversation);
    return String(shown) === String(expected) ? undefined : `shows ${shown}`;
  });
}

/** Of the conversation of alice and bob in the client's list. */
export function row({ client, id }: TestClient) {
  return client.state.conversations.find((each) => each.id === id);
}

/** As the network saw them. */
export function calls({ network }: TestClient, start: string): string[] {
  return network.calls.filter((call) => call.startsWith(start));
}

export const feedOf = (id: string) => `GET /api/chat/conversations/${id}/feed`;

export function isIn({ client }: TestClient, state: string): Promise<void> {
  return eventually(() => (client.state.connection.state === state ? undefined : client.state.connection.state));
}

export function subscribed({ hub }: TestClient, times: number): Promise<void> {
  return eventually(() => {
    const count = hub.calls.filter((call) => call.startsWith('SubscribeChat')).length;
    return count === times ? undefined : `${count} subscriptions`;
  });
}
