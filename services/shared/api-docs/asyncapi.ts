import {
  clientMethods,
  exchanges,
  hubPaths,
  messageUrns,
  serverMethods,
  socketIoPath,
} from '#shared/contract/names.ts';
import { type AsyncApiDocument, AsyncApiParts, reference } from './asyncapi-parts.ts';
import { inEnvelope } from './envelope-schema.ts';
import { busEvents, invocations, pushes } from './live-messages.ts';

const hubNames = Object.keys(hubPaths) as (keyof typeof hubPaths)[];

/** Describes what is on the bus, and both ways of both hubs and of socket.io: the names are those of the contract. */
export function asyncApiDocument(): AsyncApiDocument {
  const parts = new AsyncApiParts();
  const bus = Object.entries(busEvents).map(([key, { summary, action, message }]) => {
    const name = key as keyof typeof busEvents;
    const payload = inEnvelope(messageUrns[name], message);
    parts.message(exchangeKey(name), exchanges[name], summary, parts.book.written(payload));
    return { key: exchangeKey(name), address: exchanges[name], summary, action };
  });
  for (const [key, push] of Object.entries(pushes)) {
    const name = clientMethods[key as keyof typeof pushes];
    parts.message(name, name, push.summary, parts.book.written(push.arguments));
  }
  for (const [key, call] of Object.entries(invocations)) {
    const name = serverMethods[key as keyof typeof invocations];
    parts.message(name, name, call.summary, parts.book.written(call.arguments));
    if (call.answer)
      parts.message(`${name}Answer`, `${name}Answer`, `Answer of \`${name}\`.`, parts.book.written(call.answer));
  }
  for (const { key, address, summary, action } of bus) {
    parts.channel(key, {
      address,
      description: `${summary} Fanout exchange, durable; MassTransit’s envelope.`,
      servers: [reference('servers', 'bus')],
      names: [key],
      bindings: { amqp: { is: 'routingKey', exchange: { name: address, type: 'fanout', durable: true } } },
    });
    parts.operation(`${action}_${key}`, { action, summary, channel: key, name: key });
  }
  for (const hub of hubNames) {
    parts.live(`${hub}Hub`, [hub], {
      address: hubPaths[hub],
      description: 'SignalR, `json` or `messagepack`. A payload is the list of the method’s arguments.',
      servers: [reference('servers', 'hub')],
    });
  }
  parts.live('socketIo', hubNames, {
    address: socketIoPath,
    description: 'socket.io 4, namespace `/`, token in `auth.token`. A payload is the list of the event’s arguments.',
    servers: [reference('servers', 'socketIo')],
  });
  return parts.document();
}

function exchangeKey(name: keyof typeof exchanges): string {
  return exchanges[name].split(':').at(-1) ?? name;
}
