import { z } from 'zod';

// Any text: what is no id at all is answered as an unknown one, so that nobody learns what exists.
export const ofConversation = z.object({ id: z.string().meta({ description: 'id of a conversation' }) });
export const ofMessage = z.object({ id: z.string().meta({ description: 'id of a message' }) });
export const ofParticipant = ofConversation.extend({ userId: z.string().meta({ description: 'id of a user' }) });
