import { useMemo } from 'react';
import { usePeople } from '../people.tsx';
import type { Reader } from './chat-wording.ts';

/** For whom things are put into words. */
export function useReader(): Reader {
  const { me, nameOf } = usePeople();
  return useMemo(() => ({ me: me.user, nameOf }), [me, nameOf]);
}
