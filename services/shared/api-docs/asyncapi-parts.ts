import { clientMethods, serverMethods } from '#shared/contract/names.ts';
import { invocations, pushes } from './live-messages.ts';
import { apiVersion } from './openapi.ts';
import { type JsonSchema, SchemaBook } from './schema-book.ts';

type Reference = { readonly $ref: string };

export type AsyncMessage = { readonly name: string; readonly summary: string; readonly payload: JsonSchema };

type Channel = {
  readonly address: string;
  readonly description: string;
  readonly servers: readonly Reference[];
  readonly messages: Readonly<Record<string, Reference>>;
  readonly bindings?: object;
};

type AsyncOperation = {
  readonly action: 'send' | 'receive';
  readonly summary: string;
  readonly channel: Reference;
  readonly messages: readonly Reference[];
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] };
};

/** An AsyncAPI 3 document, as far as we write it. */
export type AsyncApiDocument = {
  readonly asyncapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly defaultContentType: 'application/json';
  readonly servers: Readonly<Record<string, object>>;
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<Record<string, AsyncOperation>>;
  readonly components: {
    readonly messages: Readonly<Record<string, AsyncMessage>>;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
};

export function reference(...path: string[]): Reference {
  return { $ref: `#/${path.join('/')}` };
}

type Place = Omit<Channel, 'messages'>;

/** Collects the parts of an AsyncAPI document. */
export class AsyncApiParts {
  readonly book = new SchemaBook();
  readonly #messages: Record<string, AsyncMessage> = {};
  readonly #channels: Record<string, Channel> = {};
  readonly #operations: Record<string, AsyncOperation> = {};

  message(key: string, name: string, summary: string, payload: JsonSchema): void {
    this.#messages[key] = { name, summary, payload };
  }

  channel(key: string, { names, ...place }: Place & { readonly names: readonly string[] }): void {
    const messages = Object.fromEntries(names.map((name) => [name, reference('components', 'messages', name)]));
    this.#channels[key] = { ...place, messages };
  }

  operation(
    key: string,
    {
      action,
      summary,
      channel,
      name,
      answer,
    }: Pick<AsyncOperation, 'action' | 'summary'> & {
      readonly channel: string;
      readonly name: string;
      readonly answer?: string;
    },
  ): void {
    const at = reference('channels', channel);
    this.#operations[key] = {
      action,
      summary,
      channel: at,
      messages: [reference('channels', channel, 'messages', name)],
      ...(answer ? { reply: { channel: at, messages: [reference('channels', channel, 'messages', answer)] } } : {}),
    };
  }

  /** A channel with the methods of `hubs`, both ways. */
  live(channel: string, hubs: readonly string[], place: Place): void {
    const sent = Object.entries(pushes).filter(([, { hub }]) => hubs.includes(hub));
    const received = Object.entries(invocations).filter(([, { hub }]) => hubs.includes(hub));
    const names: string[] = [];
    for (const [key, { summary }] of sent) {
      const name = clientMethods[key as keyof typeof pushes];
      names.push(name);
      this.operation(`${channel}_${name}`, { action: 'send', summary, channel, name });
    }
    for (const [key, { summary, answer }] of received) {
      const name = serverMethods[key as keyof typeof invocations];
      names.push(name, ...(answer ? [`${name}Answer`] : []));
      const reply = answer ? { answer: `${name}Answer` } : {};
      this.operation(`${channel}_${name}`, { action: 'receive', summary, channel, name, ...reply });
    }
    this.channel(channel, { ...place, names });
  }

  document(): AsyncApiDocument {
    return {
      asyncapi: '3.0.0',
      info: {
        title: 'Sonixy Realtime, live',
        version: apiVersion,
        description:
          'Events between services, and what the hubs and their clients say. Ignore fields that are not named here.',
      },
      defaultContentType: 'application/json',
      servers: {
        bus: { host: 'localhost:5672', protocol: 'amqp', description: 'RabbitMQ, as MassTransit uses it.' },
        hub: { host: 'localhost:8100', protocol: 'ws', description: 'SignalR.', security: [bearer] },
        socketIo: { host: 'localhost:8100', protocol: 'ws', description: 'socket.io.', security: [bearer] },
      },
      channels: this.#channels,
      operations: this.#operations,
      components: {
        messages: this.#messages,
        schemas: this.book.named,
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    };
  }
}

const bearer = reference('components', 'securitySchemes', 'bearer');
