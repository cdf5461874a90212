export {
  type ConversationDto,
  conversationTypes,
  type MemberRole,
  type MessageDto,
  memberRoles,
  messageTypes,
  type ParticipantDto,
  type SystemMessage,
  smallConversation,
  unreadMessagesCap,
} from '../shared/contract/chat-dto.ts';
export { type ErrorCode, errorCodes } from '../shared/contract/errors.ts';
export {
  type NotificationDto,
  type NotificationGroup,
  type NotificationGroupPage,
  type NotificationPage,
  unreadCap,
} from '../shared/contract/notification-dto.ts';
export type { Backoff } from './backoff.ts';
export { type ChatApi, createChatApi, type NewConversation } from './chat/chat-api.ts';
export { ChatClient } from './chat/chat-client.ts';
export type { ChatClientOptions, ChatClientState } from './chat/chat-client-state.ts';
export type { Conversation } from './chat/conversation.ts';
export type { ConversationRow } from './chat/conversation-list.ts';
export type { ConversationState } from './chat/conversation-state.ts';
export {
  type IndexedDbOutgoingOptions,
  indexedDbOutgoingStore,
  NotKeptError,
} from './chat/indexed-db-outgoing-store.ts';
export { type LocalStorageOptions, localStorageOutgoingStore } from './chat/local-storage-outgoing-store.ts';
export { memoryOutgoingStore, type OutgoingMessage, type OutgoingStore } from './chat/outgoing-store.ts';
export type { PresenceState } from './chat/presence.ts';
export { readersOf, type ShownMessage } from './chat/shown-messages.ts';
export { type Clock, systemClock, type Timer } from './clock.ts';
export { type ConnectOptions, connect, type RealtimeClient } from './connect.ts';
export {
  type HubName,
  type LiveConnection,
  LiveEndedError,
  type LiveHandlers,
  type LiveOptions,
  LiveRefusedError,
  type OpenLive,
} from './live/live-connection.ts';
export type { ConnectionStatus } from './live/live-loop.ts';
export { createNotificationApi, type NotificationApi } from './notifications/notification-api.ts';
export {
  NotificationClient,
  type NotificationClientOptions,
  type NotificationClientState,
} from './notifications/notification-client.ts';
export { isLoaded, type NotificationList, visibleRows } from './notifications/notification-list.ts';
export { UnreadableAnswerError } from './rest/answers.ts';
export { createRestCall, type RestCall, type RestOptions } from './rest/rest-call.ts';
export { RestError, readAnswer } from './rest/rest-error.ts';
export {
  calledTokens,
  givenToken,
  type IssuedToken,
  renewingTokens,
  SignedOutError,
  type TokenSource,
} from './rest/token-source.ts';
