export type { ErrorCode } from '../shared/contract/errors.ts';
export {
  type NotificationDto,
  type NotificationGroup,
  type NotificationGroupPage,
  type NotificationPage,
  unreadCap,
} from '../shared/contract/notification-dto.ts';
export { type Clock, systemClock, type Timer } from './clock.ts';
export {
  type LiveConnection,
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
export { givenToken, type IssuedToken, renewingTokens, SignedOutError, type TokenSource } from './rest/token-source.ts';
