/** What a client may send, decoded. Kinds that this server has no use for are `ignored`. */
export type HubMessage =
  | {
      readonly kind: 'invocation' | 'streamInvocation';
      /** undefined: fire and forget, never answered. */
      readonly invocationId: string | undefined;
      readonly target: string;
      readonly args: readonly unknown[];
      readonly streamIds: readonly string[];
    }
  | { readonly kind: 'ping' }
  | { readonly kind: 'close'; readonly error: string | undefined }
  | { readonly kind: 'ignored' };

export type Completion = { readonly result: unknown } | { readonly error: string };
