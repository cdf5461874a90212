/** What a member says of itself without a login. */
export type MemberLook =
  /** It has no configuration, or has not read it yet. */
  { readonly state: 'unconfigured' } | { readonly state: 'primary' | 'secondary' | 'other' };

export type SetMember = { readonly _id: number; readonly host: string };

/** replSetGetConfig's answer, and replSetReconfig's argument: what is not named here is passed on. */
export type SetConfig = {
  readonly _id: string;
  readonly version: number;
  readonly members: readonly SetMember[];
  readonly [field: string]: unknown;
};

/** Of an answer to `hello`. */
export function toLook(hello: Readonly<Record<string, unknown>>): MemberLook {
  if (hello['setName'] === undefined) return { state: 'unconfigured' };
  if (hello['isWritablePrimary'] === true) return { state: 'primary' };
  return { state: hello['secondary'] === true ? 'secondary' : 'other' };
}

/**
 * The configuration with one more member, of those that are wanted; undefined when none lacks. MongoDB takes one voting
 * member at a time. Nobody is ever taken out: who shrinks a set knows what it loses.
 */
export function withNextMember(config: SetConfig, wanted: readonly string[]): SetConfig | undefined {
  const known = new Set(config.members.map(({ host }) => host));
  const next = wanted.find((host) => !known.has(host));
  if (next === undefined) return undefined;
  const _id = Math.max(...config.members.map((member) => member._id)) + 1;
  return { ...config, version: config.version + 1, members: [...config.members, { _id, host: next }] };
}
