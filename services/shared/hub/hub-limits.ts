/** Times in ms. */
export type HubLimits = {
  /** Bytes queued for and buffered by one connection; beyond it is closed as slow. @default 1,048,576 */
  readonly maxQueuedBytes: number;
  /** @default 10,000 */
  readonly maxConnections: number;
  /** At all workers together, as far as they have heard of each other; at each one while nobody can tell. @default 100 */
  readonly maxConnectionsPerUser: number;
  /** New connections in a second that are let in; as many may come at once. @default 500 */
  readonly connectsPerSecond: number;
  /** How long a client waits for a free place before it is sent away. @default 10,000 */
  readonly admissionWaitMs: number;
  /** How long a place is kept for a client that was let in and has not connected. @default 5,000 */
  readonly reservationMs: number;
  /** Closes of a drain are spread over this time. @default 15,000 */
  readonly drainWindowMs: number;
  /** How long ended connections may take to be gone. @default 3,000 */
  readonly closeWaitMs: number;
  /** Pause between two comparisons of all heads, ± 20 %. @default 5,000 */
  readonly compareEveryMs: number;
  /** Pause between two questions who came into a conversation of which nothing told, ± 20 %. @default 30,000 */
  readonly membershipsEveryMs: number;
  /** An early frame waits between these for the missing one. @default 100 and 300 */
  readonly holdMinMs: number;
  readonly holdMaxMs: number;
  /** How long a new client waits for its place in the stream before it is accepted without. @default 1,500 */
  readonly placeWaitMs: number;
  /** A stream or a chat user without connections is kept for this long. @default 10,000 */
  readonly lingerMs: number;
  /** Rows of one conversation that wait for its members to be read; with more they are read again later. @default 64 */
  readonly maxHeldRows: number;
  /** One user's "is typing" in one conversation is passed on once in this time. @default 2,000 */
  readonly typingEveryMs: number;
  /** Pause between two reads of the presence of all watched users. @default 5,000 */
  readonly presenceEveryMs: number;
};

export const defaultHubLimits: HubLimits = {
  maxQueuedBytes: 1024 * 1024,
  maxConnections: 10_000,
  maxConnectionsPerUser: 100,
  connectsPerSecond: 500,
  admissionWaitMs: 10_000,
  reservationMs: 5_000,
  drainWindowMs: 15_000,
  closeWaitMs: 3_000,
  compareEveryMs: 5_000,
  membershipsEveryMs: 30_000,
  holdMinMs: 100,
  holdMaxMs: 300,
  placeWaitMs: 1_500,
  lingerMs: 10_000,
  maxHeldRows: 64,
  typingEveryMs: 2_000,
  presenceEveryMs: 5_000,
};
