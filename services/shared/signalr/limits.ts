/** Times in ms, sizes in bytes. The defaults are ASP.NET's where it has one. */
export type SignalRLimits = {
  /** A ping goes out when nothing was sent for this long. @default 15,000 */
  readonly keepAliveMs: number;
  /** A client that was silent for this long is ended. @default 30,000 */
  readonly clientTimeoutMs: number;
  /** @default 15,000 */
  readonly handshakeTimeoutMs: number;
  /** How long a poll is held. @default 90,000 */
  readonly pollTimeoutMs: number;
  /** A long-polling connection without a poll for this long is ended. @default 15,000 */
  readonly disconnectTimeoutMs: number;
  /** How long an ended WebSocket or event stream may take to flush before it is cut. @default 5,000 */
  readonly closeTimeoutMs: number;
  /** How long after negotiate a connection must begin. @default 60,000 */
  readonly connectWithinMs: number;
  /** One hub message with its framing. @default 32,768 */
  readonly maxMessageBytes: number;
  /** One WebSocket message, which may carry several hub messages. More closes with 1009. @default 65,536 */
  readonly maxWebSocketMessageBytes: number;
  /** One POST body, which may carry several hub messages. More is answered 413. @default 1,048,576 */
  readonly maxPostBytes: number;
  /** Nesting of one hub message. @default 64 */
  readonly maxDepth: number;
  /** Hub messages of one client in a minute, pings included. More ends the connection. @default Infinity, as ASP.NET */
  readonly maxMessagesPerMinute: number;
};

export const defaultLimits: SignalRLimits = {
  keepAliveMs: 15_000,
  clientTimeoutMs: 30_000,
  handshakeTimeoutMs: 15_000,
  pollTimeoutMs: 90_000,
  disconnectTimeoutMs: 15_000,
  closeTimeoutMs: 5_000,
  connectWithinMs: 60_000,
  maxMessageBytes: 32 * 1024,
  maxWebSocketMessageBytes: 64 * 1024,
  maxPostBytes: 1024 * 1024,
  maxDepth: 64,
  maxMessagesPerMinute: Number.POSITIVE_INFINITY,
};
