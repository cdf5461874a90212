import { serverMethods } from '#shared/contract/names.ts';
import type { Membership } from '#shared/hub/membership.ts';

/** What a chat client may call, over each protocol. @throws PlatformError */
export const chatMethods: Readonly<Record<string, (membership: Membership, argument: unknown) => unknown>> = {
  [serverMethods.subscribeChat]: (membership, cursors) => membership.subscribeChat(cursors),
  [serverMethods.typingStarted]: (membership, conversation) => membership.typing(conversation, 'started'),
  [serverMethods.typingStopped]: (membership, conversation) => membership.typing(conversation, 'stopped'),
  [serverMethods.watchPresence]: (membership, users) => membership.watchPresence(users),
};
