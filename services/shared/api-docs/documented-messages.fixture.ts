import type { AsyncApiDocument } from './asyncapi-parts.ts';
import { closed, validators } from './validators.fixture.ts';

/** @throws Error unless the document knows a message of that name at that address, with that payload and no more */
export type MessageCheck = (address: string, name: string, payload: unknown) => void;

export function createMessageCheck({ channels, components }: AsyncApiDocument): MessageCheck {
  const { messages, ...rest } = components;
  const validate = validators(closed(rest));
  return (address, name, payload) => {
    const channel = Object.values(channels).find((candidate) => candidate.address === address);
    if (!channel) throw new Error(`the document knows no ${address}`);
    const keys = Object.keys(channel.messages).filter((key) => messages[key]?.name === name);
    const message = messages[keys[0] ?? ''];
    if (!message) throw new Error(`the document knows no ${name} at ${address}`);
    // Envelopes are others' to fill: what is in them is ours.
    const schema = address.includes(':') ? message.payload : closed(message.payload);
    validate(schema, payload, `${name} at ${address}`);
  };
}
