import type { HubMethod, SignalRConnection, SignalRHub } from './hub.ts';
import { HubArgumentError, HubError, HubUnauthorizedError } from './hub-error.ts';
import type { Completion, HubMessage } from './hub-message.ts';

type Invocation = Extract<HubMessage, { readonly kind: 'invocation' | 'streamInvocation' }>;

/** A failure inside the hub that no client is told about. */
export type ErrorListener = (error: unknown, where: { readonly hub: string; readonly method: string }) => void;

/** Port: runs what a client asks for. */
export interface Dispatcher<Identity> {
  /**
   * Calls `complete` unless the message is fire and forget. Answers a promise, which never rejects, only when the method did.
   */
  invoke(
    connection: SignalRConnection<Identity>,
    message: Invocation,
    complete: (completion: Completion) => void,
  ): Promise<void> | undefined;
}

/** @throws when two methods differ by case only */
export function createDispatcher<Identity>(
  path: string,
  hub: SignalRHub<Identity>,
  onError: ErrorListener,
): Dispatcher<Identity> {
  const methods = new Map<string, HubMethod<Identity>>();
  for (const [name, method] of Object.entries(hub.methods)) {
    if (methods.has(name.toLowerCase())) throw new Error(`hub method ${name} exists twice, names ignore case`);
    methods.set(name.toLowerCase(), method);
  }

  return {
    invoke(connection, message, complete) {
      const method = methods.get(message.target.toLowerCase());
      const misfit = method ? misuse(message) : `Unknown hub method '${message.target}'`;
      if (!method || misfit !== undefined) {
        complete({ error: misfit ?? '' });
        return undefined;
      }
      const fail = (error: unknown) => {
        if (!isExpected(error)) onError(error, { hub: path, method: message.target });
        complete({ error: errorText(message.target, error) });
      };
      const succeed = (result: unknown) => {
        try {
          complete({ result: result ?? null });
        } catch (error) {
          fail(error);
        }
      };
      try {
        const result = method(connection, ...message.args);
        if (isThenable(result)) return Promise.resolve(result).then(succeed, fail);
        succeed(result);
      } catch (error) {
        fail(error);
      }
      return undefined;
    },
  };
}

function misuse({ kind, target, streamIds }: Invocation): string | undefined {
  if (kind === 'streamInvocation') {
    return `The client attempted to invoke the non-streaming '${target}' method with a streaming invocation.`;
  }
  if (streamIds.length === 0) return undefined;
  return errorText(target, new HubError(`Client sent ${streamIds.length} stream(s), Hub method expects 0.`));
}

const isExpected = (error: unknown) =>
  error instanceof HubError || error instanceof HubArgumentError || error instanceof HubUnauthorizedError;

function errorText(target: string, error: unknown): string {
  if (error instanceof HubArgumentError) return `Failed to invoke '${target}' due to an error on the server.`;
  if (error instanceof HubUnauthorizedError) return `Failed to invoke '${target}' because user is unauthorized`;
  const text = `An unexpected error occurred invoking '${target}' on the server.`;
  return error instanceof HubError ? `${text} HubException: ${error.message}` : text;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
