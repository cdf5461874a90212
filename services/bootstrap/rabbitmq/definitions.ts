import { createHash } from 'node:crypto';
import { exchanges, queues } from '#shared/contract/names.ts';
import { errorQueueOf, receiveTopology, skippedQueueOf, type Topology } from '#shared/masstransit/topology.ts';

/** Each is a user of the broker, with a password of its own. */
export const rabbitmqUsers = ['admin', 'monitoring', 'notification', 'chat', 'hub', 'publisher'] as const;
export type RabbitmqUser = (typeof rabbitmqUsers)[number];

/** Regular expressions over names of exchanges and queues. */
type Rights = { readonly configure: string; readonly write: string; readonly read: string };

const vhost = '/';
const nothing = '^$';

/**
 * definitions.json of RabbitMQ 3.10 to 4.x: our queues and exchanges, and users with the least rights. It is imported at
 * each start of a node: a queue or a right that a later release adds arrives with its rollout, what is there already stays.
 *
 * @see https://www.rabbitmq.com/docs/definitions
 */
export function rabbitmqDefinitions(passwords: Readonly<Record<RabbitmqUser, string>>): object {
  const topologies = platformTopologies();
  const durable = { vhost, durable: true, auto_delete: false };
  const binding = (source: string, destination: string, destination_type: 'queue' | 'exchange') => ({
    source,
    vhost,
    destination,
    destination_type,
    routing_key: '',
    arguments: {},
  });
  return {
    users: rabbitmqUsers.map((name) => ({
      name,
      password_hash: hashOf(name, passwords[name]),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: tagsOf(name),
      limits: {},
    })),
    vhosts: [{ name: vhost, default_queue_type: 'quorum' }],
    permissions: rabbitmqUsers.flatMap((user) => {
      const rights = rightsOf(user);
      return rights ? [{ user, vhost, ...rights }] : [];
    }),
    exchanges: [...new Set(topologies.flatMap((it) => it.exchanges))].map((name) => ({
      name,
      ...durable,
      type: 'fanout',
      internal: false,
      arguments: {},
    })),
    queues: topologies.flatMap((it) => it.queues).map((queue) => ({ ...durable, ...queue })),
    bindings: topologies.flatMap((it) => [
      ...it.queueBindings.map(({ exchange, queue }) => binding(exchange, queue, 'queue')),
      ...it.exchangeBindings.map(({ source, destination }) => binding(source, destination, 'exchange')),
    ]),
  };
}

/** All receive endpoints of ours. */
export function platformTopologies(): Topology[] {
  return [
    receiveTopology({ queue: queues.notificationUserInteraction, exchanges: [exchanges.userInteraction] }),
    receiveTopology({ queue: queues.hubMessages, exchanges: [exchanges.messageSent, exchanges.messageChanged] }),
  ];
}

function tagsOf(user: RabbitmqUser): string[] {
  if (user === 'admin') return ['administrator'];
  return user === 'monitoring' ? ['monitoring'] : [];
}

function rightsOf(user: RabbitmqUser): Rights | undefined {
  switch (user) {
    case 'admin':
      return { configure: '.*', write: '.*', read: '.*' };
    // Looks at nodes, not into queues.
    case 'monitoring':
      return undefined;
    case 'notification':
      return consumerOf(queues.notificationUserInteraction);
    case 'hub':
      return consumerOf(queues.hubMessages);
    case 'chat':
      return { configure: nothing, write: anyOf(exchanges.messageSent, exchanges.messageChanged), read: nothing };
    // MassTransit declares the exchange of a message before it publishes it.
    case 'publisher':
      return { configure: '^Sonixy\\.', write: '^Sonixy\\.', read: nothing };
  }
}

/** Takes from its queue, and parks beside it. */
function consumerOf(queue: string): Rights {
  return { configure: nothing, write: anyOf(errorQueueOf(queue), skippedQueueOf(queue)), read: anyOf(queue) };
}

function anyOf(...names: readonly string[]): string {
  return `^(${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})$`;
}

/** The salt comes from the password, which is random: the same definitions at each start are no change to the broker. */
function hashOf(user: string, password: string): string {
  const salt = createHash('sha256').update(`${user}\0${password}`).digest().subarray(0, 4);
  const hash = createHash('sha256').update(salt).update(password, 'utf8').digest();
  return Buffer.concat([salt, hash]).toString('base64');
}
