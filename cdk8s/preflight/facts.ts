/** What of a cluster decides whether the platform runs on it. `undefined`: may not be asked, or is not there yet. */
export type Facts = {
  /** `1.36` */
  readonly version: string;
  readonly storageClasses: readonly StorageClass[] | undefined;
  /** Whether the platform's namespace is there. */
  readonly hasNamespace: boolean;
  /** Whether it refuses a pod that Pod Security `restricted` does not let in. */
  readonly enforcesPodSecurity: boolean | undefined;
  /** Group and version, of those that have an answer. */
  readonly apis: ReadonlySet<string>;
  readonly nodes: readonly Node[] | undefined;
  /** Names of all DaemonSets: who brings a network shows there. */
  readonly daemonSets: readonly string[] | undefined;
  /** Keys of the Secret that checks tokens, where the platform has one. */
  readonly tokenKeys: readonly string[] | undefined;
};

export type StorageClass = { readonly name: string; readonly isDefault: boolean; readonly expands: boolean };
export type Node = { readonly zone: string | undefined };
