/** Thrown when bytes are no message that can be read: it goes to the error queue, never to a retry. Never quotes the body. */
export class InvalidMessageError extends Error {
  override readonly name = 'InvalidMessageError';
}
