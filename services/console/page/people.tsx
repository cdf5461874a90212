import { createContext, type ReactNode, useContext, useMemo } from 'react';
import type { Person } from './demo-api.ts';

export type People = {
  readonly me: Person;
  /** undefined beside real servers: nobody knows who there is. */
  readonly others: readonly Person[] | undefined;
  /** The id where nobody knows a name. */
  nameOf(user: string): string;
};

const Context = createContext<People | undefined>(undefined);

type PeopleProviderProps = { me: Person; people: readonly Person[] | undefined; children: ReactNode };

export function PeopleProvider({ me, people, children }: PeopleProviderProps) {
  const value = useMemo(() => {
    const names = new Map([me, ...(people ?? [])].map(({ user, name }) => [user, name]));
    return {
      me,
      others: people?.filter(({ user }) => user !== me.user),
      nameOf: (user: string) => names.get(user) ?? user,
    };
  }, [me, people]);
  return <Context value={value}>{children}</Context>;
}

/** @throws Error outside of a `PeopleProvider` */
export function usePeople(): People {
  const people = useContext(Context);
  if (!people) throw new Error('usePeople needs a PeopleProvider');
  return people;
}
