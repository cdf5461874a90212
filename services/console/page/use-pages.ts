import { useEffect, useState } from 'react';

export type Pages<Item> = {
  /** undefined until the first answer. */
  readonly items: readonly Item[] | undefined;
  readonly hasMore: boolean;
  readonly error: unknown;
  more(): void;
};

type PagesOptions<Item> = {
  /** `page` counts from 1. Must be stable. */
  readonly read: (page: number) => Promise<{ readonly items: readonly Item[]; readonly hasMore: boolean }>;
  readonly keyOf: (item: Item) => string;
  /** When it changes, what is shown is read anew. */
  readonly version: unknown;
};

/** Changes that come together are one reading. */
const gatherMs = 150;

/** The first pages of a list that only the server can make, read anew when something changed. */
export function usePages<Item>({ read, keyOf, version }: PagesOptions<Item>): Pages<Item> {
  const [wanted, setWanted] = useState(1);
  const [state, setState] = useState<Omit<Pages<Item>, 'more'>>({ items: undefined, hasMore: false, error: undefined });
  // biome-ignore lint/correctness/useExhaustiveDependencies: version says when to read, not what
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      Promise.all(Array.from({ length: wanted }, (_, index) => read(index + 1))).then(
        (pages) => {
          // Rows move between the pages while they are read.
          const items = new Map(pages.flatMap((page) => page.items).map((item) => [keyOf(item), item]));
          const hasMore = pages.at(-1)?.hasMore ?? false;
          if (current) setState({ items: [...items.values()], hasMore, error: undefined });
        },
        (error: unknown) => {
          if (current) setState((before) => ({ ...before, error }));
        },
      );
    }, gatherMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [read, keyOf, version, wanted]);
  return { ...state, more: () => setWanted(wanted + 1) };
}
