import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { trustCertificates } from '#shared/runtime/trusted-certificates.ts';
import { connect } from '../../../services/client/connect.ts';
import { eventually } from '../../eventually.ts';
import { likeEnvelope, publisherTo } from '../../scenarios/publisher.ts';
import { secret, serviceUrl, setting, tokenOf } from '../scenarios/pods/program.ts';
import { Displayed } from './displayed.ts';

const patience = { timeoutMs: 300_000, everyMs: 200 };
const everyMs = 1_000;

/**
 * In a pod of another namespace: a like and a chat message a second, until SIGTERM. It writes FLOWING once both are displayed,
 * and at its end one line of JSON with what was wrong.
 */
async function traffic(): Promise<void> {
  const log = createLogger({ name: 'traffic', level: 'info' });
  using _trusted = trustCertificates({
    folder: '/secrets/rabbitmq-tls',
    clock,
    log,
    metrics: createMetrics('traffic'),
  });
  const [likes, messages] = [new Displayed('like'), new Displayed('message')];
  const faults: string[] = [];

  const hub = new HubConnectionBuilder()
    .withUrl(`${serviceUrl('hub', 8097)}/hubs/notifications`, { accessTokenFactory: () => tokenOf('alice') })
    .configureLogging(LogLevel.None)
    .build();
  let received = 0;
  // Each arrival counts: a stock client is shown a row once.
  hub.on('ReceiveNotification', ({ entityId }: { entityId: string }) => likes.shown(entityId, `${received++}`));
  let stopping = false;
  hub.onclose(() => {
    if (!stopping) faults.push('a SignalR client lost its connection');
  });
  await eventually(() => hub.start().then(() => undefined), patience);
  const publisher = await publisherTo(brokerUrl());

  const url = serviceUrl('gateway', 8100);
  const bob = connect({ url, hubUrl: serviceUrl('hub', 8097), token: () => tokenOf('bob') });
  let conversationId = '';
  await eventually(async () => {
    ({ id: conversationId } = await bob.api.chat.createConversation({ kind: 'private', with: 'alice' }));
    return undefined;
  }, patience);
  const conversation = bob.chat.conversation(conversationId);
  conversation.open();
  conversation.onChange(() => {
    for (const { id, content } of conversation.state.messages) if (id !== undefined) messages.shown(content, id);
  });
  await eventually(() => {
    const { state } = bob.chat.state.connection;
    return conversation.state.loaded && state === 'connected' ? undefined : `bob is ${state}`;
  }, patience);

  async function like(what: string): Promise<void> {
    await publisher.publish(likeEnvelope({ from: 'bob', to: 'alice', post: what }));
    likes.acknowledged(what);
  }
  async function say(what: string): Promise<void> {
    const response = await fetch(`${url}/api/chat/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenOf('alice')}` },
      body: JSON.stringify({ conversationId, content: what, type: 0, clientMessageId: what }),
    });
    if (response.status === 201) messages.acknowledged(what);
    else faults.push(`${what} was answered ${response.status}: ${await response.text()}`);
  }
  const run = async (act: (what: string) => Promise<void>) => {
    while (!stopping) {
      const next = new Promise((resolve) => setTimeout(resolve, everyMs));
      await act(crypto.randomUUID()).catch((error: unknown) => faults.push(String(error)));
      await next;
    }
  };
  const ended = new Promise((resolve) => process.once('SIGTERM', resolve));
  const running = [run(like), run(say)];
  await eventually(() => likes.whyNotFlowing() ?? messages.whyNotFlowing(), patience);
  console.log('FLOWING');

  await ended;
  stopping = true;
  await Promise.all(running);
  await eventually(() => likes.missing()[0] ?? messages.missing()[0], patience).catch(() => {});
  faults.push(...likes.faults(), ...messages.faults());
  console.log(JSON.stringify({ likes: likes.count, messages: messages.count, faults }));
}

function brokerUrl(): string {
  const password = encodeURIComponent(secret('rabbitmq-publisher', 'password'));
  return `amqps://${secret('rabbitmq-publisher', 'username')}:${password}@rabbitmq.${setting('NAMESPACE')}.svc:5671`;
}

await traffic();
process.exit(0);
