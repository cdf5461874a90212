import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { createEventPublisher } from '#shared/bus/event-publisher.ts';
import { parseUserId } from '#shared/contract/ids.ts';
import { exchanges, messageUrns } from '#shared/contract/names.ts';
import { toUserInteractionPayload } from '#shared/contract/user-interaction-event.ts';
import { type EnvReader, readConfig } from '#shared/runtime/config.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { runCommand } from './command.ts';

/** A person waits for it. */
const publishTimeoutMs = 10_000;

// `make like FROM=bob TO=alice`: publishes to AMQP_URL as MassTransit does; without it, asks the running `make run` to.
await runCommand(async () => {
  const like = readConfig(process.env, readLike);
  if (like.amqpUrl) await publishToBroker(like.amqpUrl, like);
  else await publishInDemo(`http://127.0.0.1:${like.port}`, like);
  process.stdout.write(`${like.from} likes ${like.post} of ${like.to}\n`);
});

type Like = ReturnType<typeof readLike>;

function readLike(env: EnvReader) {
  const [from, to] = [env.optionalText('FROM'), env.optionalText('TO')];
  if (from === undefined || to === undefined) env.fault('say who likes something of whom: make like FROM=bob TO=alice');
  return {
    from: parseUserId(from ?? 'nobody'),
    to: parseUserId(to ?? 'nobody'),
    post: env.text('POST', { default: 'post-1' }),
    amqpUrl: env.optionalUrl('AMQP_URL', { protocols: ['amqp:', 'amqps:'] }),
    port: env.port('PORT', { default: 8100 }),
  };
}

async function publishToBroker(url: string, { from, to, post }: Like): Promise<void> {
  const log = createLogger({ name: 'like', level: 'silent' });
  const bus = connectAmqpBus({ url, log, publishTimeoutMs });
  try {
    const payload = toUserInteractionPayload(
      {
        userId: from,
        targetId: post,
        targetType: 'Post',
        actionType: 'Like',
        actorName: from,
        actorAvatar: null,
        targetUserId: to,
      },
      new Date(),
    );
    await createEventPublisher({ bus }).publish({
      exchange: exchanges.userInteraction,
      messageUrn: messageUrns.userInteraction,
      payload,
    });
  } finally {
    await bus.close();
  }
}

async function publishInDemo(base: string, { from, to, post }: Like): Promise<void> {
  const { token } = await postJson(`${base}/demo/sign-in`, { user: from });
  await postJson(`${base}/demo/events`, { action: 'Like', to, entityId: post }, token);
}

async function postJson(url: string, body: object, token?: string): Promise<{ token?: string }> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }).catch((cause: unknown) => {
    throw new Error(`nothing answers at ${url}: start \`make run\`, or name a broker with AMQP_URL`, { cause });
  });
  const answer = (await response.json()) as { token?: string; error?: string };
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${answer.error ?? 'no reason'}`);
  return answer;
}
