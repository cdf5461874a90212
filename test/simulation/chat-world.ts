import type { MessageRow } from '#services/chat/domain/message-row.ts';
import type { ChatStore } from '#services/chat/store/chat-store.ts';
import { createChatApi } from '#services/client/chat/chat-api.ts';
import { ChatClient } from '#services/client/chat/chat-client.ts';
import type { Conversation } from '#services/client/chat/conversation.ts';
import { memoryOutgoingStore } from '#services/client/chat/outgoing-store.ts';
import type { RestCall } from '#services/client/rest/rest-call.ts';
import { givenToken } from '#services/client/rest/token-source.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import type { MessageEvent } from '#shared/contract/message-event.ts';
import { clientMethods, exchanges } from '#shared/contract/names.ts';
import { chatDatabase } from './chat-database.ts';
import { ChatReplica } from './chat-replica.ts';
import type { ChatAct, ChatStep } from './chat-schedule.ts';
import { Platform } from './platform.ts';
import { Device, simulatedLive, simulatedRest } from './simulated-clients.ts';
import { StockClient } from './stock-client.ts';

const alice = 'alice' as UserId;
const bob = 'bob' as UserId;

export type ChatDevice = {
  readonly device: Device;
  readonly client: ChatClient;
  /** undefined until the conversation is there. */
  conversation: Conversation | undefined;
};

/** The chat service with alice's two devices and bob's one on the SDK, and a page of bob's that knows nothing of ours. */
export class ChatWorld {
  readonly platform: Platform<ChatStore, ChatReplica>;
  readonly devices: readonly ChatDevice[];
  readonly stock: StockClient;
  /** Ids of messages that REST answered with 201, and of those whose removal it confirmed. */
  readonly sent = new Set<string>();
  readonly removed = new Set<string>();
  /** What was handed to the hubs: by row the seqs, and which were told as new. */
  readonly published = new Map<string, { readonly seqs: Set<number>; sent: boolean }>();
  conversation: ConversationId | undefined;
  #written = 0;

  constructor(seed: number) {
    this.platform = new Platform(seed, {
      database: chatDatabase,
      start: (name, stored, platform) =>
        new ChatReplica(name, stored, {
          ...platform,
          loss: () => platform.loss,
          busIsDown: () => platform.brokerIsDown,
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
      },
    });
    const { devices, internet } = this.platform;
    devices.push(new Device('phone', alice, internet), new Device('laptop', alice, internet));
    devices.push(new Device('tablet', bob, internet), new Device('old page', bob, internet));
    const [phone, laptop, tablet, page] = devices as [Device, Device, Device, Device];
    this.devices = [phone, laptop, tablet].map((device) => this.#client(device));
    this.stock = new StockClient(page, {
      chat: true,
      method: clientMethods.receiveMessage,
      known: [clientMethods.updateConversation],
    });
    this.platform.later(0, () => void this.#createConversation());
  }

  /** Messages that the majority holds, newest first. */
  async truth(): Promise<readonly MessageRow[]> {
    const { conversation } = this;
    return conversation ? this.platform.stored[0].list(conversation, { before: undefined, limit: 1_000 }) : [];
  }

  schedule(steps: readonly ChatStep[]): void {
    this.platform.schedule<ChatAct>(steps, (act) => this.#act(act));
  }

  async #createConversation(): Promise<void> {
    const [store] = this.platform.stored;
    const { view } = await store.createConversation({ type: 'group', creator: alice, others: [bob], name: 'room' });
    this.conversation = view.conversation.id;
    for (const one of this.devices) {
      this.platform.simulation.after(one.device.process, 0, () => {
        one.conversation = one.client.conversation(view.conversation.id);
        one.conversation.open();
        one.client.start();
      });
    }
  }

  #client(device: Device): ChatDevice {
    const client = new ChatClient({
      baseUrl: '',
      open: simulatedLive(device),
      api: createChatApi(this.#noting(simulatedRest(device, () => this.platform.replica()))),
      tokens: givenToken('token'),
      clock: device.process.clock,
      outgoing: memoryOutgoingStore(),
      me: () => device.user,
    });
    return { device, client, conversation: undefined };
  }

  /** Keeps what was confirmed, unless a restore came in between. */
  #noting(rest: RestCall): RestCall {
    return async (method, path, body) => {
      const { restoredAt } = this.platform;
      const answer = await rest(method, path, body);
      if (restoredAt !== this.platform.restoredAt) return answer;
      if (method === 'POST' && path === '/api/chat/messages') this.sent.add((answer as { id: string }).id);
      if (method === 'DELETE') this.removed.add(path.slice(path.lastIndexOf('/') + 1));
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
        this.#onDevice(act.device, async (conversation) => {
          for (let count = 0; count < act.count; count += 1) conversation.send(`text ${++this.#written}`);
        });
        return true;
      case 'edit':
      case 'delete':
        this.#onDevice(act.device, (conversation) => this.#change(conversation, act));
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

  async #change(conversation: Conversation, act: ChatAct & { readonly message: number }): Promise<void> {
    const user = this.devices[act.device]?.device.user;
    const own = conversation.state.messages.filter(
      (each) => each.id !== undefined && each.senderId === user && !each.system,
    );
    const message = own[act.message % Math.max(1, own.length)];
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
