/** Rates count over all gateways that share a Redis, in windows of a minute. Times in ms. */
export type GatewayLimits = {
  /** GET and HEAD of one user on one route. @default 300 */
  readonly readsPerMinute: number;
  /** Everything else of one user on one route. @default 120 */
  readonly writesPerMinute: number;
  /** Hub connections that one user may begin. @default 120 */
  readonly connectsPerMinute: number;
  /** socket.io connections that one address may begin whose token comes later, where only the hub sees it. @default 600 */
  readonly anonymousConnectsPerMinute: number;
  /** Of one address, at this gateway; what comes through a trusted proxy counts for the address that it tells. @default 1,000 */
  readonly maxConnectionsPerAddress: number;
  /** Refused tokens of one address, after which more of them get 429; valid tokens of that address pass. @default 300 */
  readonly failuresPerMinute: number;
  /** Of a request. @default 65,536, as the services have it */
  readonly maxBodyBytes: number;
  /** To get a connection to a service, a free one or a new one, however often that is dialled. @default 2,000 */
  readonly connectTimeoutMs: number;
  /** How long nothing may move between the gateway and a service. @default 30,000 */
  readonly silenceTimeoutMs: number;
  /** The same for hub paths, whose polls and streams are silent for as long as SignalR's 90 s. @default 120,000 */
  readonly hubSilenceTimeoutMs: number;
  /** To one REST service; more requests wait for a free one. @default 256 */
  readonly maxConnectionsPerService: number;
  /** In a row, without one answer between them, before the circuit of a service opens. @default 5 */
  readonly circuitFailures: number;
  /** How long an open circuit answers 503 by itself before it lets one request try. @default 3,000 */
  readonly circuitOpenMs: number;
  /** Ends of forwarded connections are spread over this time at a drain. @default 15,000 */
  readonly drainWindowMs: number;
};

export const defaultGatewayLimits: GatewayLimits = {
  readsPerMinute: 300,
  writesPerMinute: 120,
  connectsPerMinute: 120,
  anonymousConnectsPerMinute: 600,
  maxConnectionsPerAddress: 1_000,
  failuresPerMinute: 300,
  maxBodyBytes: 64 * 1024,
  connectTimeoutMs: 2_000,
  silenceTimeoutMs: 30_000,
  hubSilenceTimeoutMs: 120_000,
  maxConnectionsPerService: 256,
  circuitFailures: 5,
  circuitOpenMs: 3_000,
  drainWindowMs: 15_000,
};
