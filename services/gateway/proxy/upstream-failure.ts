export type UpstreamFailureReason =
  /** No connection came about: the request was not sent. */
  | 'unreachable'
  /** No connection was to be had in time, not sent either. */
  | 'late'
  /** A kept connection turned out to be dead: most likely the request was not read. */
  | 'stale'
  /** The connection broke with the request under way. */
  | 'broken'
  /** Nothing moved for too long. */
  | 'silent';

/** A service did not answer. */
export class UpstreamFailure extends Error {
  override readonly name = 'UpstreamFailure';
  readonly reason: UpstreamFailureReason;

  constructor(reason: UpstreamFailureReason, options?: ErrorOptions) {
    super(`the service is ${reason}`, options);
    this.reason = reason;
  }

  /**
   * Whether it says something about the service. A connection that breaks does not: one of many replicas that dies breaks all
   * of its own in one moment, and the others serve.
   */
  get countsForCircuit(): boolean {
    return this.reason === 'unreachable' || this.reason === 'late' || this.reason === 'silent';
  }
}

/** The client went away before there was an answer: no fault of the service. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}
