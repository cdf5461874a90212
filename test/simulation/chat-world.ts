import type { MessageRow } from '#services/chat/domain/message-row.ts';
import type { ChatStore } from '#services/chat/store/chat-store.ts';
import { type ChatApi, createChatApi } from '#services/client/chat/chat-api.ts';
import { readChatCall } from '#services/client/chat/chat-calls.ts';
import { ChatClient } from '#services/client/chat/chat-client.ts';
import type { Conversation } from '#services/client/chat/conversation.ts';
import { memoryOutgoingStore } from '#services/client/chat/outgoing-store.ts';
import type { OpenLive } from '#services/client/live/live-connection.ts';
import type { RestCall } from '#services/client/rest/rest-call.ts';
import { givenToken } from '#services/client/rest/token-source.ts';
import { formatCursor, parseCursor } from '#shared/contract/cursor.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import type { MessageEvent } from '#shared/contract/message-event.ts';
import { clientMethods, exchanges } from '#shared/contract/names.ts';
import { chatDatabase } from './chat-database.ts';
import { ChatReplica } from './chat-replica.ts';
import { byHand, type ChatAct, type ChatStep } from './chat-schedule.ts';
import { Platform } from './platform.ts';
import { SentMessages } from './sent-messages.ts';
import { Device, simulatedLive, simulatedRest } from './simulated-clients.ts';
import { StockClient } from './stock-client.ts';

const alice = 'alice' as UserId;
const bob = 'bob' as UserId;
/** Comes and goes. */
export const carol = 'carol' as UserId;
/** Above the tier's limit rows come on the conversation's own channel. */
const bystanders = [0, 0, 0, 0, 29, 40];

type ChangeAct = Extract<ChatAct, { readonly message: number }>;

export type ChatDevice = {
  readonly device: Device;
  readonly client: ChatClient;
  /** undefined until the conversation is there. */
  conversation: Conversation | undefined;
};

/**
 * The chat service with alice's two devices, bob's and carol's one on the SDK, and a page of bob's that knows nothing of
 * ours. Carol is in the group or not; sometimes so many are that it is a large one, or becomes one.
 */
export class ChatWorld {
  readonly platform: Platform<ChatStore, ChatReplica>;
  readonly devices: readonly ChatDevice[];
  readonly stock: StockClient;
  /** Ids of messages that REST answered with 201, and of those whose removal it confirmed. */
  readonly sent = new Set<string>();
  readonly removed = new Set<string>();
  readonly messages = new SentMessages();
  /** What was handed to the hubs: by row the seqs, and which were told as new. */
  readonly published = new Map<string, { readonly seqs: Set<number>; sent: boolean }>();
  /** Up to which number a user's reading was confirmed. */
  readonly readThrough = new Map<UserId, number>();
  /** What carol's device was called with: rows by seq. */
  readonly pushedToCarol: number[] = [];
  conversation: ConversationId | undefined;
  readonly #hands: ReadonlyMap<string, ChatApi>;
  #written = 0;

  constructor(seed: number) {
    this.platform = new Platform(seed, {
      database: chatDatabase,
      start: (name, stored, platform) =>
        new ChatReplica(name, stored, {
          ...platform,
          loss: () => platform.loss,
          busIsDown: () => platform.brokerIsDown,
          confirmsLate: () => platform.confirmsLate,
        }),
      consume: ({ exchange, payload }, platform) => {
        const hub = platform.hub();
        if (hub) this.#notePublished(exchange, payload as MessageEvent);
        return hub;
      },
      hubReads: 'chat',
      restored: () => {
        this.sent.clear();
        this.removed.clear();
        this.published.clear();
        this.readThrough.clear();
      },
    });
    const { devices, internet } = this.platform;
    devices.push(new Device('phone', alice, internet), new Device('laptop', alice, internet));
    devices.push(new Device('tablet', bob, internet), new Device('old page', bob, internet));
    devices.push(new Device('watch', carol, internet));
    const [phone, laptop, tablet, page, watch] = devices as [Device, Device, Device, Device, Device];
    this.devices = [phone, laptop, tablet, watch].map((device) => ({
      device,
      client: this.client(device),
      conversation: undefined,
    }));
    this.#hands = new Map([alice, bob].map((user) => [user, this.hand(user)] as const));
    this.stock = stockClient(page);
    this.platform.later(0, () => void this.#createConversation());
  }

  /** Messages that the majority holds, newest first. */
  async truth(): Promise<readonly MessageRow[]> {
    const { conversation } = this;
    return conversation ? this.platform.stored[0].list(conversation, { before: undefined, limit: 1_000 }) : [];
  }

  /** Where a client stands that has all of it. */
  async cursor(): Promise<string | undefined> {
    const [store] = this.platform.stored;
    const [head] = this.conversation ? await store.heads([this.conversation]) : [];
    return formatCursor({ epoch: await store.epoch(), seq: head?.seq ?? 0 });
  }

  schedule(steps: readonly ChatStep[]): void {
    this.platform.schedule<ChatAct>(steps, (act) => this.#act(act));
  }

  async #createConversation(): Promise<void> {
    const [store] = this.platform.stored;
    const { random } = this.platform.simulation;
    const others = Array.from({ length: random.pick(bystanders) }, (_, index) => `bystander ${index}` as UserId);
    others.push(bob, ...(random.chance(0.5) ? [carol] : []));
    const { view } = await store.createConversation({ type: 'group', creator: alice, others, name: 'room' });
    this.conversation = view.conversation.id;
    for (const one of this.devices) {
      this.platform.simulation.after(one.device.process, 0, () => {
        one.conversation = one.client.conversation(view.conversation.id);
        one.conversation.open();
        one.client.start();
      });
    }
  }

  /** The SDK, not yet started. */
  client(device: Device): ChatClient {
    return new ChatClient({
      baseUrl: '',
      open: device.user === carol ? this.#watched(simulatedLive(device)) : simulatedLive(device),
      api: this.#api(device),
      tokens: givenToken('token'),
      clock: device.process.clock,
      outgoing: memoryOutgoingStore(),
      me: () => device.user,
    });
  }

  /** REST alone, whatever becomes of pushes. */
  hand(user: UserId): ChatApi {
    return this.#api(new Device(`${user}'s hand`, user, { ...this.platform.internet, lateness: () => 0 }));
  }

  #api(device: Device): ChatApi {
    return createChatApi(
      this.#noting(
        device.user,
        simulatedRest(device, () => this.platform.replica()),
      ),
    );
  }

  /** Notes the rows that come to carol, whatever her client makes of them. */
  #watched(open: OpenLive): OpenLive {
    return (options) => {
      const called = (method: string, args: readonly unknown[]) => {
        const call = readChatCall(method, args);
        if (call?.kind === 'change') this.pushedToCarol.push(call.change.message.seq);
        options.handlers.called(method, args);
      };
      return open({ ...options, handlers: { ...options.handlers, called } });
    };
  }

  /** Keeps what was confirmed, unless a restore came in between. */
  #noting(user: UserId, rest: RestCall): RestCall {
    return async (method, path, body) => {
      const { restoredAt } = this.platform;
      const answer = await rest(method, path, body);
      if (restoredAt !== this.platform.restoredAt) return answer;
      if (method === 'POST' && path === '/api/chat/messages') this.sent.add((answer as { id: string }).id);
      const read = /\/read\?number=(\d+)$/.exec(path)?.[1];
      // After a restore a client may ask for more than there is.
      if (read && restoredAt < 0) {
        this.readThrough.set(user, Math.max(Number(read), this.readThrough.get(user) ?? 0));
      }
      if (method === 'DELETE' && path.startsWith('/api/chat/messages/'))
        this.removed.add(path.slice(path.lastIndexOf('/') + 1));
      return answer;
    };
  }

  #notePublished(exchange: string, { messageId, seq }: MessageEvent): void {
    const known = this.published.get(messageId) ?? { seqs: new Set<number>(), sent: false };
    known.seqs.add(seq);
    known.sent ||= exchange === exchanges.messageSent;
    this.published.set(messageId, known);
  }

  #act(act: ChatAct): boolean {
    switch (act.do) {
      case 'send':
        this.send(act.device, act.count);
        return true;
      case 'add':
      case 'remove':
        if (act.do === 'add') this.add(carol);
        else this.#byHand(alice, (api, id) => api.removeParticipant(id, carol));
        return true;
      case 'edit':
      case 'delete':
        if (act.device === byHand) this.#changeByHand(act);
        else this.#onDevice(act.device, (conversation) => this.#change(conversation, act));
        return true;
      case 'mark-read':
        this.#onDevice(act.device, (conversation) => conversation.markRead());
        return true;
      case 'load-more':
        this.#onDevice(act.device, (conversation) => conversation.loadMore());
        return true;
      default:
        return false;
    }
  }

  /** By alice. */
  add(user: UserId): void {
    this.#byHand(alice, (api, id) => api.addParticipants(id, [user]));
  }

  send(device: number, count: number): void {
    this.#onDevice(device, async (conversation) => {
      for (let sent = 0; sent < count; sent += 1) {
        const key = conversation.send(`text ${++this.#written}`);
        this.messages.follow(key, conversation, () => parseCursor(conversation.cursor ?? '')?.epoch);
      }
    });
  }

  #byHand(user: UserId, act: (api: ChatApi, conversation: string) => Promise<unknown>): void {
    const api = this.#hands.get(user);
    const { conversation } = this;
    const process = this.devices[0]?.device.process;
    if (!api || !conversation || !process) return;
    this.platform.simulation.after(process, 0, () => void act(api, conversation).catch(() => undefined));
  }

  #changeByHand(act: ChangeAct): void {
    this.#byHand(alice, async (api, conversation) => {
      const page = await api.messages(conversation, { before: undefined, limit: 6 });
      const written = page.filter(({ system }) => system === null);
      const message = written[act.message % Math.max(1, written.length)];
      const hand = message && this.#hands.get(message.senderId);
      if (!hand) return;
      if (act.do === 'delete') await hand.remove(message.id);
      else await hand.edit(message.id, `${message.content} edited ${++this.#written}`);
    });
  }

  async #change(conversation: Conversation, act: ChangeAct): Promise<void> {
    const user = this.devices[act.device]?.device.user;
    const own = conversation.state.messages.filter(
      (each) => each.id !== undefined && each.senderId === user && !each.system,
    );
    const message = own.at(-1 - (act.message % Math.max(1, own.length)));
    if (message?.id === undefined) return;
    if (act.do === 'delete') await conversation.remove(message.id);
    else await conversation.edit(message.id, `${message.content} edited ${++this.#written}`);
  }

  #onDevice(index: number, act: (conversation: Conversation) => Promise<void>): void {
    const one = this.devices[index];
    if (!one) return;
    this.platform.simulation.after(one.device.process, 0, () => {
      if (one.conversation) act(one.conversation).catch(() => undefined);
    });
  }
}

/** One that knows nothing of ours but messages, and that conversations change. */
export function stockClient(device: Device): StockClient {
  const known = [clientMethods.updateConversation];
  return new StockClient(device, { chat: true, method: clientMethods.receiveMessage, known });
}
