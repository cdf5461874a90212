import type { MessageChange } from '../../shared/contract/chat-dto.ts';
import type { Clock } from '../clock.ts';
import type { SignedOutError } from '../rest/token-source.ts';
import type { ChatApi } from './chat-api.ts';
import type { ConversationRow } from './conversation-list.ts';
import type { SendQueue } from './send-queue.ts';
import type { ShownMessage } from './shown-messages.ts';

export type ConversationState = {
  /** undefined until the list of conversations is there. */
  readonly conversation: ConversationRow | undefined;
  /** Oldest first; what a gap leaves out is read within a moment. What is on its way comes last. */
  readonly messages: readonly ShownMessage[];
  /** Whether the newest messages are in. */
  readonly loaded: boolean;
  readonly hasMore: boolean;
  readonly loadingMore: boolean;
  /** Ids of the others who type now. */
  readonly typing: readonly string[];
  /** The user is not in it, or not any more. */
  readonly gone: boolean;
  /** The latest failure to read; undefined once reading works again. */
  readonly fault: unknown;
};

/** What one conversation needs of the client that it belongs to. */
export type ConversationHost = {
  readonly api: ChatApi;
  readonly clock: Clock;
  readonly queue: SendQueue;
  me(): string | undefined;
  /** false after its end. */
  isRunning(): boolean;
  row(id: string): ConversationRow | undefined;
  typing(id: string): readonly string[];
  /** Any place that the stream had before now. */
  startCursor(id: string): Promise<string>;
  tellTyping(id: string, isTyping: boolean): void;
  /** Makes a call that may be repeated, once more where the conversation has another life when its answer comes. */
  inOneLife<T>(id: string, call: () => Promise<T>): Promise<T>;
  /** The server answered with a message. */
  answered(change: MessageChange): void;
  read(id: string, number: number): void;
  signedOut(error: SignedOutError): void;
  /** The store has another life: a live connection follows the old one. false: there is none, so reading is enough. */
  beganAnew(): boolean;
};
