import { z } from 'zod';

const text = z.string().nullish();

/** MassTransit's envelope around a message, as far as a reader needs it. */
export function inEnvelope(urn: string, message: z.ZodType): z.ZodType {
  return z.object({
    messageId: text.meta({ description: 'a GUID; the same again is the same event' }),
    conversationId: text,
    sourceAddress: text,
    destinationAddress: text,
    messageType: z
      .array(z.string())
      .min(1)
      .meta({ description: `holds \`${urn}\`` }),
    message,
    sentTime: text,
    headers: z.record(z.string(), z.unknown()).nullish(),
    host: z.record(z.string(), z.unknown()).nullish(),
  });
}
