/** Why a process can't start, in words for the person who started it: `run` prints the message alone. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}
