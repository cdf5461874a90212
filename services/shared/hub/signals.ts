import type { MessagesRead } from '#shared/contract/chat-dto.ts';
import { isUserId } from '#shared/contract/ids.ts';
import { clientMethods } from '#shared/contract/names.ts';
import type { ConversationNews } from '#shared/contract/push-frame.ts';
import type { SignalFrame } from '#shared/contract/signal-frame.ts';
import type { ChatUser } from './chat-user.ts';
import type { ConversationEntry } from './conversation-entry.ts';
import type { FanOut } from './fan-out.ts';
import type { Member } from './member.ts';

/** Hands droppable news to clients, and none on doubt: while it is not certain who is in, they are dropped. */
export class Signals {
  readonly #fanOut: FanOut;

  constructor(fanOut: FanOut) {
    this.#fanOut = fanOut;
  }

  /** Came on the user's own channel. */
  toUser(signal: SignalFrame, entry: ConversationEntry | undefined, { user, members }: ChatUser): void {
    if (entry?.gate.has(user)) this.#tell(signal, entry, members);
  }

  /** Came on the conversation's channel. */
  toAll(signal: SignalFrame, entry: ConversationEntry): void {
    this.#tell(signal, entry, entry.members);
  }

  /** Hands out what is known of the conversation once clients have all the rows that it tells of. */
  flushNews(entry: ConversationEntry): void {
    const { news, handedOn, gate } = entry;
    if (!news || !handedOn || !gate.isOpen) return;
    if (news.epoch === handedOn.epoch && news.seq > handedOn.seq) return;
    entry.news = undefined;
    if (news.epoch !== handedOn.epoch) return;
    entry.newsThrough = news.seq;
    this.#fanOut.encodedSignal(clientMethods.updateConversation, [news.body], entry.members);
  }

  /** Come once for each of the users here, perhaps; what is latest counts. They are handed out with `flushNews`. */
  keepNews({ seq, body }: ConversationNews, epoch: string, entry: ConversationEntry): void {
    if (seq <= entry.newsThrough || seq <= (entry.news?.seq ?? 0)) return;
    entry.news = { seq, body, epoch };
  }

  #tell(signal: SignalFrame, entry: ConversationEntry, members: ReadonlySet<Member>): void {
    if (signal.kind === 'membership') return;
    if (!entry.gate.isOpen || !isUserId(signal.user)) return;
    const { conversation } = entry;
    if (signal.kind === 'read') {
      if (!Number.isSafeInteger(signal.readThrough)) return;
      const read: MessagesRead = {
        conversationId: conversation,
        userId: signal.user,
        readThrough: signal.readThrough,
      };
      this.#fanOut.signal(
        clientMethods.messagesRead,
        [read],
        only(members, ({ chatSubscribed }) => chatSubscribed),
      );
      return;
    }
    const method = signal.kind === 'typing' ? clientMethods.userTyping : clientMethods.userStoppedTyping;
    const others = only(members, ({ user }) => user !== signal.user);
    this.#fanOut.signal(method, [conversation, signal.user], others);
  }
}

const only = (members: Iterable<Member>, isWanted: (member: Member) => boolean) => [...members].filter(isWanted);
