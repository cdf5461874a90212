import { type ConversationDto, messageTypes, smallConversation } from '#shared/contract/chat-dto.ts';
import { formatCursor } from '#shared/contract/cursor.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { type ConversationId, conversationStream, type StreamId, type UserId } from '#shared/contract/ids.ts';
import type {
  ChangesAnswer,
  ChangesOfStream,
  ChangesRequest,
  HeadsAnswer,
  HeadsRequest,
  MembersAnswer,
  MembershipsAnswer,
  MembershipsRequest,
  MembershipsSinceAnswer,
  MembershipsSinceRequest,
  MembersRequest,
  StreamSource,
} from '#shared/contract/internal-calls.ts';
import { streamChannel, userChannel } from '#shared/contract/names.ts';
import { encodePushFrame, type PushFrame, type PushKind } from '#shared/contract/push-frame.ts';
import { encodeSignalFrame, type SignalFrame } from '#shared/contract/signal-frame.ts';

type LoggedRow = ChangesOfStream['rows'][number];
type System = { readonly action: string; readonly userIds?: readonly string[] } | null;

/** What the chat service would publish of one row: the same bytes on each channel. */
export type Pushed = { readonly frame: PushFrame; readonly channels: readonly string[]; readonly bytes: Uint8Array };

let made = 0;
/** Counts who came into a conversation or went out: the service's clock. */
let moves = 0;

/** A conversation by the rules of the chat service, in memory. Each write returns what would be published. */
export class SimulatedConversation {
  readonly id = (++made).toString(16).padStart(24, '0') as ConversationId;
  readonly stream = conversationStream(this.id);
  epoch = 'epoch';
  large = false;
  readonly users = new Set<UserId>();
  readonly movedAt = new Map<UserId, number>();
  #seq = 0;
  #number = 0;
  #members = 0;
  #rows = new Map<number, LoggedRow>();

  constructor(users: readonly string[]) {
    this.#letIn(users);
    this.large = this.users.size > smallConversation;
    this.#write('message', { action: 'created' });
  }

  get head() {
    return { seq: this.#seq, number: this.#number, members: this.#members };
  }

  /** Ascending by seq, latest state of each. */
  get rows(): readonly LoggedRow[] {
    return [...this.#rows.values()].sort((a, b) => a.seq - b.seq);
  }

  /** Numbers of the rows that are no system messages, which nobody edits. */
  get messages(): readonly number[] {
    return this.rows.filter(({ body }) => !(body as { system: System }).system).map(({ number }) => number);
  }

  get dto(): ConversationDto {
    return {
      id: this.id,
      type: 1,
      name: 'a group',
      createdAt: '',
      lastMessageAt: '',
      lastMessageContent: `row ${this.#number}`,
      lastMessageSenderId: null,
      lastMessageType: 0,
      participants: [],
      participantCount: this.users.size,
      unreadCount: 0,
      readThrough: 0,
      number: this.#number,
      cursor: formatCursor({ epoch: this.epoch, seq: this.#seq }),
    };
  }

  send(): Pushed {
    return this.#write('message', null);
  }

  add(...users: string[]): Pushed {
    this.#letIn(users);
    if (this.users.size > smallConversation) this.large = true;
    return this.#write('message', { action: 'added', userIds: users });
  }

  remove(user: string): Pushed {
    this.#letOut(user);
    return this.#write('message', { action: 'removed', userIds: [user] });
  }

  leave(user: string): Pushed {
    this.#letOut(user);
    return this.#write('message', { action: 'left' }, undefined, user);
  }

  edit(number: number): Pushed {
    return this.#write('message', null, number);
  }

  delete(number: number): Pushed {
    return this.#write('messageDeleted', null, number);
  }

  signal(signal: Omit<SignalFrame, 'stream'>, channels = this.channels): Omit<Pushed, 'frame'> {
    return { channels, bytes: encodeSignalFrame({ ...signal, stream: this.stream } as SignalFrame) };
  }

  /** As the service tells a user that his place changed. */
  membership(user: string): Omit<Pushed, 'frame'> {
    const signal = { kind: 'membership', user: user as UserId, version: this.#members } as const;
    return this.signal(signal, [userChannel(user as UserId)]);
  }

  /** The row's frame with what its conversation is now. */
  withNews({ frame, channels }: Pushed): Pushed {
    const news = { seq: this.head.seq, body: Buffer.from(JSON.stringify(this.dto)) };
    const whole = { ...frame, news };
    return { frame: whole, channels, bytes: encodePushFrame(whole) };
  }

  get channels(): readonly string[] {
    return this.large ? [streamChannel(this.stream)] : [...this.users].map(userChannel);
  }

  /** Another life begins with what a backup knew: the conversation without its rows beyond `seq`, and these users. */
  restore(epoch: string, { seq, users }: { readonly seq: number; readonly users: readonly string[] }): void {
    this.epoch = epoch;
    for (const [key, row] of this.#rows) if (row.seq > seq) this.#rows.delete(key);
    this.#seq = seq;
    this.#number = Math.max(0, ...this.#rows.keys());
    this.#members = Math.max(0, ...this.rows.map(({ members }) => members));
    this.users.clear();
    this.#letIn(users);
  }

  changes(after: number, limit: number): ChangesOfStream {
    const rest = this.rows.filter(({ seq }) => seq > after);
    const rows = rest.slice(0, limit);
    const through = rows.length < rest.length ? (rows.at(-1)?.seq ?? this.#seq) : this.#seq;
    return { stream: this.stream, rows, through, head: this.head, reload: false };
  }

  #letIn(users: readonly string[]): void {
    for (const user of users as readonly UserId[]) {
      this.users.add(user);
      this.movedAt.set(user, ++moves);
    }
  }

  #letOut(user: string): void {
    this.users.delete(user as UserId);
    this.movedAt.set(user as UserId, ++moves);
  }

  #write(kind: PushKind, system: System, changed?: number, senderId = 'somebody'): Pushed {
    this.#seq += 1;
    if (changed === undefined) this.#number += 1;
    if (system) this.#members = this.#seq;
    const [seq, number] = [this.#seq, changed ?? this.#number];
    const body = {
      id: String(number),
      conversationId: this.id,
      senderId,
      content: `row ${number}`,
      system,
      seq,
      number,
    };
    const row = { kind, seq, number, members: this.#members, body: { ...body, type: messageTypes.indexOf('text') } };
    this.#rows.set(number, row);
    const frame = {
      ...row,
      stream: this.stream,
      epoch: this.epoch,
      body: Buffer.from(JSON.stringify(row.body)),
    };
    return { frame, channels: this.channels, bytes: encodePushFrame(frame) };
  }
}

/** The chat service's answers about simulated conversations, with the faults that tests ask for. */
export class SimulatedChat implements StreamSource {
  epoch = 'epoch';
  down = false;
  /** Only `members` does not answer. */
  membersDown = false;
  /** Set: answers of that call wait for it. */
  gates: Partial<Record<keyof StreamSource, Promise<void>>> = {};
  /** Rows of one page at most. */
  pageRows = Number.POSITIVE_INFINITY;
  /** Users of each call that asked what is new of them, and from where. */
  readonly asked: MembershipsSinceRequest[] = [];
  readonly reads = { heads: 0, changes: 0, memberships: 0, membershipsSince: 0, members: 0 };
  readonly #conversations = new Map<StreamId, SimulatedConversation>();

  create(...users: string[]): SimulatedConversation {
    const conversation = new SimulatedConversation(users);
    this.#conversations.set(conversation.stream, conversation);
    return conversation;
  }

  async heads({ streams }: HeadsRequest): Promise<HeadsAnswer> {
    const answer = {
      epoch: this.epoch,
      heads: streams.map((stream) => ({ stream, ...(this.#conversations.get(stream)?.head ?? emptyHead) })),
    };
    await this.#answering('heads');
    return answer;
  }

  async changes({ requests, limit = 200 }: ChangesRequest): Promise<ChangesAnswer> {
    const rows = Math.min(limit, this.pageRows);
    const answer = {
      epoch: this.epoch,
      changes: requests.map(({ stream, after }) => {
        const none = { stream, rows: [], through: 0, head: emptyHead, reload: false };
        return this.#conversations.get(stream)?.changes(after, rows) ?? none;
      }),
    };
    await this.#answering('changes');
    return answer;
  }

  async memberships({ user }: MembershipsRequest): Promise<MembershipsAnswer> {
    const answer = {
      epoch: this.epoch,
      memberships: [...this.#conversations.values()]
        .filter(({ users }) => users.has(user as UserId))
        .map(({ stream, head, large }) => ({ stream, version: head.members, large })),
    };
    await this.#answering('memberships');
    return answer;
  }

  async membershipsSince({ users, since }: MembershipsSinceRequest): Promise<MembershipsSinceAnswer> {
    this.asked.push({ users, since });
    const [epoch, from] = since?.split('.') ?? [];
    const conversations = epoch === this.epoch ? [...this.#conversations.values()] : [];
    const answer = {
      token: `${this.epoch}.${moves}`,
      memberships: users.flatMap((user) =>
        conversations
          .filter(({ movedAt }) => (movedAt.get(user) ?? 0) > Number(from))
          .map(({ stream, users: within }) => ({ user, stream, isIn: within.has(user) })),
      ),
      reload: epoch !== this.epoch,
    };
    await this.#answering('membershipsSince');
    return answer;
  }

  async members({ requests }: MembersRequest): Promise<MembersAnswer> {
    const answer = {
      epoch: this.epoch,
      members: requests.map(({ stream, users }) => {
        const conversation = this.#conversations.get(stream);
        if (!conversation) return { stream, version: 0, large: false, users: [], all: [] };
        const { large, head } = conversation;
        const among = users.filter((user) => conversation.users.has(user));
        return { stream, version: head.members, large, users: among, all: large ? null : [...conversation.users] };
      }),
    };
    await this.#answering('members');
    if (this.membersDown) throw new PlatformError('unavailable', 'the simulated service does not tell members');
    return answer;
  }

  async #answering(call: keyof SimulatedChat['reads']): Promise<void> {
    this.reads[call] += 1;
    await this.gates[call];
    if (this.down) throw new PlatformError('unavailable', 'the simulated service is down');
  }
}

const emptyHead = { seq: 0, number: 0, members: 0 };
