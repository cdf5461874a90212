/** An answer of the API server that is no success, or none at all. */
export class KubeProblem extends Error {
  override readonly name = 'KubeProblem';
  /** Of HTTP; 0: nothing answered. */
  readonly status: number;
  /** The server's word for it, as `AlreadyExists`; empty where it says none. */
  readonly reason: string;

  constructor(what: string, { status, reason = '', message }: { status: number; reason?: string; message: string }) {
    super(`${what}: ${status === 0 ? '' : `${status} `}${message.slice(0, 500)}`);
    this.status = status;
    this.reason = reason;
  }

  /** Whether the same call may succeed later. Refusals count: the rights of an install are applied beside who uses them. */
  get isPassing(): boolean {
    return [0, 401, 403, 409, 429].includes(this.status) || this.status >= 500;
  }
}
