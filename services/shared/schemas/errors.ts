import { z } from 'zod';
import { type ErrorBody, type ErrorCode, errorCodes } from '#shared/contract/errors.ts';
import { named } from './named.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

export const errorBody = named<ErrorBody>()(
  'Error',
  'Every answer that is no success. Switch on `code`, never on the text.',
  z.object({ error: z.string(), code: z.enum(codes), correlationId: z.string().min(1) }).meta({
    examples: [{ error: 'there is no such conversation', code: 'not_found', correlationId: '2f1d' }],
  }),
);

/** What changes something answers when there is nothing to say. */
export const nothing = z.object({}).meta({ id: 'Nothing', description: 'It is done.' });
