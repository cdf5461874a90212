/** Its text reaches the client: `… HubException: text`. */
export class HubError extends Error {
  override name = 'HubError';
}

/** The arguments don't fit the method. The client gets ASP.NET's binding error, not this text. */
export class HubArgumentError extends Error {
  override name = 'HubArgumentError';
}

/** This user may not call the method. The client gets ASP.NET's text. */
export class HubUnauthorizedError extends Error {
  override name = 'HubUnauthorizedError';
}

/** The client broke the protocol: its connection ends. `detail` is safe to send. */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
  readonly detail: string | undefined;

  constructor(message: string, options: { detail?: string } = {}) {
    super(message);
    this.detail = options.detail;
  }
}
