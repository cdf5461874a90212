import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Conversation } from '#services/client/chat/conversation.ts';
import { connect, type RealtimeClient } from '#services/client/connect.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { collections } from '#shared/contract/names.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { startMongoDev } from '#test/dev-env/mongodev.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { type StepGate, startStepGate } from './step-gate.ts';

const secret = randomBytes(32).toString('hex');
const patience = { timeoutMs: 120_000, everyMs: 50 };

const tokenOf = (user: string) =>
  issueToken({ secret, issuer: 'Sonixy.IdentityService', audience: 'Sonixy.Client', user, lifetimeSeconds: 36_000 });

/** How a driver of MongoDB spells an insert of a row of a conversation. */
const insertOfRow = `insert\0${int32(collections.chatMessages.length + 1)}${collections.chatMessages}\0`;
/** How AMQP spells the exchange of a message event. */
const publishOfRow = 'Sonixy.Shared.Events:MessageSentEvent';

function int32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes.toString('latin1');
}

/** The chat process, stopped (SIGSTOP) in the middle of a message while another one goes on, and woken long after. */
describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'a writer stopped between its steps', () => {
  const parts = new AsyncDisposableStack();
  let toMongo: StepGate;
  let toBroker: StepGate;
  let writer: { readonly service: Service; readonly url: string };
  let other: { readonly service: Service; readonly url: string };
  let hubUrl: string;

  async function start(main: string, env: Record<string, string>) {
    const [port, opsPort] = [await freePort(), await freePort()];
    const own = { HOST: '127.0.0.1', PORT: String(port), OPS_PORT: String(opsPort), LOG_LEVEL: 'warn' };
    const service = await startService({
      main: `services/${main}/main.ts`,
      env: { ...own, INTERNAL_SECRET: secret, JWT_HS256_SECRET: secret, ...env },
      readyUrl: `http://127.0.0.1:${opsPort}/readyz`,
      readyTimeoutMs: 60_000,
    });
    parts.use(service);
    await eventually(async () => {
      const { parts: waits } = (await (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).json()) as {
        parts: Record<string, { ready: boolean }>;
      };
      return waits['store']?.ready === false || waits['bus']?.ready === false ? JSON.stringify(waits) : undefined;
    }, patience);
    return { service, url: `http://127.0.0.1:${port}` };
  }

  beforeAll(async () => {
    const [rabbit, redis, mongo] = await Promise.all([startRabbitMq(), startRedis(), startMongoDev()]);
    for (const server of [rabbit, redis, mongo]) parts.use(server);
    toMongo = parts.use(await startStepGate(mongo.port));
    toBroker = parts.use(await startStepGate(rabbit.port));
    const by = (url: string, { port }: StepGate) => url.replace(/:\d+(?=\/|$)/, `:${port}`);
    // Nobody there: this is about messages.
    const shared = { REDIS_URL: redis.url, NOTIFICATION_URL: `http://127.0.0.1:${await freePort()}` };
    const sweeping = { ...shared, CHAT_SWEEP_EVERY_MS: '200', CHAT_SWEEP_GRACE_MS: '500' };
    writer = await start('chat', {
      ...sweeping,
      MONGODB_URL: by(mongo.url, toMongo),
      AMQP_URL: by(rabbit.url, toBroker),
    });
    other = await start('chat', { ...sweeping, MONGODB_URL: mongo.url, AMQP_URL: rabbit.url });
    const hub = await start('hub', {
      ...shared,
      AMQP_URL: rabbit.url,
      CHAT_URL: other.url,
      HUB_ID_KEYS: `1:${randomBytes(32).toString('base64')}`,
      // What is shown comes from an event that somebody published.
      HUB_COMPARE_EVERY_MS: '600000',
    });
    hubUrl = hub.url;
  });

  afterAll(() => parts.disposeAsync());

  /** A pair that talks by way of the other process; what Bob is shown. */
  async function talk(stack: DisposableStack) {
    const [alice, bob] = [`alice-${randomUUID()}`, `bob-${randomUUID()}`];
    const clientOf = (user: string): RealtimeClient => {
      const client = connect({ url: other.url, hubUrl, token: () => tokenOf(user) });
      stack.defer(() => client.close());
      return client;
    };
    const id = await clientOf(alice).chat.create({ kind: 'private', with: bob });
    const shown = clientOf(bob).chat.conversation(id);
    stack.defer(shown.open());
    await eventually(() => (shown.state.loaded ? undefined : 'not loaded'), patience);
    /** As a client does: the same again until it is acknowledged. */
    const send = async (url: string, content: string) => {
      for (;;) {
        const answer = await fetch(`${url}/api/chat/messages`, {
          method: 'POST',
          headers: { authorization: `Bearer ${await tokenOf(alice)}`, 'content-type': 'application/json' },
          body: JSON.stringify({ conversationId: id, content, type: 0, clientMessageId: content }),
        });
        if (answer.status === 201) return;
        expect(answer.status).toBe(503);
      }
    };
    return { shown, send };
  }

  const texts = ({ state }: Conversation) =>
    state.messages.filter(({ system }) => !system).map(({ content }) => content);

  const shows = (conversation: Conversation, wanted: readonly string[]) =>
    eventually(() => {
      const is = texts(conversation);
      return is.join() === wanted.join() ? undefined : `shown: ${is.join()}, wanted: ${wanted.join()}`;
    }, patience);

  async function stopsAt(caught: Promise<void>, sent: Promise<void>): Promise<void> {
    await Promise.race([
      caught,
      sent.then(() => {
        throw new Error('acknowledged, and the step was never seen');
      }),
    ]);
    writer.service.pause();
  }

  it('before its row is stored: others take its place, it takes another, and its message is shown', async () => {
    using stack = new DisposableStack();
    const { shown, send } = await talk(stack);
    await send(writer.url, 'first');
    const caught = toMongo.catches({ marker: insertOfRow, at: 'before' });
    const slept = send(writer.url, 'slept');
    await stopsAt(caught, slept);
    for (const content of ['a', 'b', 'c']) await send(other.url, content);
    await shows(shown, ['first', 'a', 'b', 'c']);
    toMongo.open();
    writer.service.resume();
    await slept;
    await shows(shown, ['first', 'a', 'b', 'c', 'slept']);
    await send(writer.url, 'last');
    await shows(shown, ['first', 'a', 'b', 'c', 'slept', 'last']);
  }, 240_000);

  it('after its row is stored and before it knows: others tell of it, and it is shown once', async () => {
    using stack = new DisposableStack();
    const { shown, send } = await talk(stack);
    const caught = toMongo.catches({ marker: insertOfRow, at: 'after' });
    const slept = send(writer.url, 'slept');
    await stopsAt(caught, slept);
    await shows(shown, ['slept']);
    await send(other.url, 'later');
    await shows(shown, ['slept', 'later']);
    toMongo.open();
    writer.service.resume();
    await slept;
    await send(writer.url, 'last');
    await shows(shown, ['slept', 'later', 'last']);
  }, 240_000);

  it('after it has answered and before its event is out: others publish it, and it is shown once', async () => {
    using stack = new DisposableStack();
    const { shown, send } = await talk(stack);
    const caught = toBroker.catches({ marker: publishOfRow, at: 'before' });
    await send(writer.url, 'slept');
    await caught;
    writer.service.pause();
    await shows(shown, ['slept']);
    await send(other.url, 'later');
    await shows(shown, ['slept', 'later']);
    toBroker.open();
    writer.service.resume();
    await send(writer.url, 'last');
    await shows(shown, ['slept', 'later', 'last']);
  }, 240_000);
});
