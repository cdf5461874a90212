/** One rule, switched off by hand. `find` stands exactly once in `file`, a path from the root of the checkout. */
export type Mutation = {
  readonly name: string;
  /** Of docs/architecture.md, "Truth and order" and "Delivery", by the numbers of the design: 1 to 10. */
  readonly decision: number;
  /** What holds while it is on. */
  readonly rule: string;
  readonly house: 'notifications' | 'chat';
  readonly edits: readonly Edit[];
  /** Caught within so few seeds that each test run proves it. @default false */
  readonly quick?: boolean;
  /** Why no schedule can show it: another rule makes up for it. Then a unit test guards it. */
  readonly unseen?: string;
};

export type Edit = { readonly file: string; readonly find: string; readonly replace: string };
