import type { MessageDto } from '../../shared/contract/chat-dto.ts';
import type { Backoff } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import type { OpenLive } from '../live/live-connection.ts';
import type { ConnectionStatus } from '../live/live-loop.ts';
import type { TokenSource } from '../rest/token-source.ts';
import type { ChatApi } from './chat-api.ts';
import type { ConversationRow } from './conversation-list.ts';
import type { OutgoingStore } from './outgoing-store.ts';
import type { PresenceState } from './presence.ts';

export type ChatClientState = {
  readonly connection: ConnectionStatus;
  /** Where the latest message is the youngest first. */
  readonly conversations: readonly ConversationRow[];
  /** Whether `conversations` are all. */
  readonly loaded: boolean;
  /** Of those who are watched; whoever is missing is unknown. */
  readonly presence: ReadonlyMap<string, PresenceState>;
  /** The latest failure to read the list; undefined once reading works again. */
  readonly fault: unknown;
};

export type ChatClientOptions = {
  readonly baseUrl: string;
  readonly open: OpenLive;
  readonly api: ChatApi;
  readonly tokens: TokenSource;
  readonly clock: Clock;
  readonly outgoing: OutgoingStore;
  /** Whose client it is, as soon as that is known. */
  readonly me: () => string | undefined;
  /** @default between 250 ms and 30 s, full jitter, forever */
  readonly backoff?: Backoff | undefined;
  /** @default between 500 ms and 30 s, full jitter */
  readonly sendBackoff?: Backoff | undefined;
  /** Each new message that is pushed, of any conversation, own ones included; never what was missed while away. */
  readonly arrived?: ((message: MessageDto) => void) | undefined;
};
