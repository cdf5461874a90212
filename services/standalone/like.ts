import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { createEventPublisher } from '#shared/bus/event-publisher.ts';
import { parseUserId } from '#shared/contract/ids.ts';
import { exchanges, messageUrns } from '#shared/contract/names.ts';
import { toUserInteractionPayload } from '#shared/contract/user-interaction-event.ts';
import { type EnvReader, readConfig } from '#shared/runtime/config.ts';
import { createLogger } from '#shared/runtime/log.ts';

// `make like FROM=bob TO=alice`: publishes to AMQP_URL as MassTransit does; without it, asks the running `make run` to.
const config = readConfig(process.env, (env: EnvReader) => ({
  from: parseUserId(env.text('FROM')),
  to: parseUserId(env.text('TO')),
  post: env.text('POST', { default: 'post-1' }),
  amqpUrl: env.optionalUrl('AMQP_URL', { protocols: ['amqp:', 'amqps:'] }),
  port: env.port('PORT', { default: 8100 }),
}));

if (config.amqpUrl) await publishToBroker(config.amqpUrl);
else await publishInDemo(`http://127.0.0.1:${config.port}`);
process.stdout.write(`${config.from} likes ${config.post} of ${config.to}\n`);

async function publishToBroker(url: string): Promise<void> {
  const bus = connectAmqpBus({ url, log: createLogger({ name: 'like', level: 'warn' }) });
  try {
    const payload = toUserInteractionPayload(
      {
        userId: config.from,
        targetId: config.post,
        targetType: 'Post',
        actionType: 'Like',
        actorName: config.from,
        actorAvatar: null,
        targetUserId: config.to,
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

async function publishInDemo(base: string): Promise<void> {
  const { token } = await post(`${base}/demo/sign-in`, { user: config.from });
  await post(`${base}/demo/events`, { action: 'Like', to: config.to, entityId: config.post }, token);
}

async function post(url: string, body: object, token?: string): Promise<{ token?: string }> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }).catch((cause: unknown) => {
    throw new Error(`nothing answers at ${url}: start \`make run\`, or name a broker with AMQP_URL`, { cause });
  });
  const answer = (await response.json()) as { token?: string; error?: string };
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${answer.error ?? 'no reason'}`);
  return answer;
}
