import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toMessageEvent } from '#services/hub/dispatch/message-event.fixture.ts';
import { messageEventConsumers } from '#services/hub/dispatch/message-events.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { createMemoryBackplane } from '#shared/backplane/memory-backplane.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { createEventPublisher } from '#shared/bus/event-publisher.ts';
import { startReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import type { ConversationDto, MessageDto } from '#shared/contract/chat-dto.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { exchanges, messageUrns, queues, userChannel } from '#shared/contract/names.ts';
import { decodePushFrame } from '#shared/contract/push-frame.ts';
import { SimulatedConversation } from '#shared/hub/simulated-chat.fixture.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { startService } from '#test/dev-env/process.ts';
import { type RabbitMq, startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const secret = 'a-secret-of-at-least-32-bytes-length';
const carol = 'carol' as UserId;
const events = 20;
const patience = { timeoutMs: 60_000 };

describeWithServer('rabbitmq', 'one process with a real RabbitMQ and an embedded backplane', () => {
  let rabbit: RabbitMq;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    rabbit = await startRabbitMq();
  }, 120_000);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
    await rabbit?.[Symbol.asyncDispose]();
  });

  /** A worker of the platform that shares the hubs' queue. */
  async function startOtherHub() {
    const bus = connectAmqpBus({ url: rabbit.url, log });
    ends.push(() => bus.close());
    const backplane = createMemoryBackplane();
    const metrics = createMetrics('hub');
    const consumers = messageEventConsumers({ backplane, log, metrics });
    const endpoint = startReceiveEndpoint({ bus, queue: queues.hubMessages, consumers, log, metrics });
    ends.push(() => endpoint.stop());
    const taken = new Set<number>();
    await backplane.subscribe(userChannel(carol), (bytes) => {
      const row = decodePushFrame(bytes);
      if (row) taken.add(row.seq);
    });
    return { bus, endpoint, taken };
  }

  async function startStandalone() {
    const folder = mkdtempSync(join(tmpdir(), 'sonixy-standalone-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = { AMQP_URL: rabbit.url, JWT_HS256_SECRET: secret, DATA_DIR: folder, PORT: String(port), OPS_PORT: '0' };
    const service = await startService({ main: 'services/standalone/main.ts', env });
    ends.push(() => service.kill());
    await eventually(() => (service.output().includes(`is ready: ${url}`) ? undefined : service.output()), patience);
    return { url };
  }

  it("takes no event from other hubs, and shows its own people's messages", async () => {
    const other = await startOtherHub();
    const { url } = await startStandalone();
    await eventually(
      () => (other.endpoint.state.status === 'consuming' ? undefined : 'the other hub starts'),
      patience,
    );

    const token = (user: string) =>
      issueToken({ secret, issuer: 'Sonixy.IdentityService', audience: 'Sonixy.Client', user, lifetimeSeconds: 3_600 });
    const [alice, bob] = [await token('alice'), await token('bob')];
    const received: string[] = [];
    const connection = new HubConnectionBuilder()
      .withUrl(`${url}/hubs/chat`, { accessTokenFactory: () => bob })
      .configureLogging(LogLevel.None)
      .build();
    connection.on('ReceiveMessage', ({ content }: MessageDto) => received.push(content));
    ends.push(() => connection.stop());
    await connection.start();

    const post = async <Answer>(path: string, body: object): Promise<Answer> => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${alice}` };
      const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      expect(response.status).toBe(201);
      return (await response.json()) as Answer;
    };
    const { id } = await post<ConversationDto>('/api/chat/conversations', { type: 0, participantIds: ['bob'] });
    const send = (content: string) => post('/api/chat/messages', { conversationId: id, content, type: 0 });
    // Then this process consumes as well.
    await send('first');
    await eventually(() => (received.at(-1) === 'first' ? undefined : 'bob sees nothing'), patience);

    // Of another platform's conversation, in which everybody else's hubs have people.
    const group = new SimulatedConversation([carol]);
    const publisher = createEventPublisher({ bus: other.bus });
    for (let count = 0; count < events; count += 1) {
      const payload = toMessageEvent(group, group.send());
      await publisher.publish({ exchange: exchanges.messageSent, messageUrn: messageUrns.messageSent, payload });
    }
    await eventually(() => (other.taken.size === events ? undefined : `others got ${other.taken.size}`), patience);

    for (let count = 0; count < events; count += 1) {
      await send(`message ${count}`);
    }
    const wanted = Array.from({ length: events }, (_, count) => `message ${count}`);
    await eventually(() => (received.at(-1) === wanted.at(-1) ? undefined : `bob sees ${received.at(-1)}`), patience);
    expect(received.slice(-events)).toEqual(wanted);
  }, 240_000);
});
