import { useMemo, useSyncExternalStore } from 'react';

/** Where in the page somebody is, as the address says: `#bob/chat/<id>`. A reload and the browser's own buttons keep to it. */
export type Place = {
  /** A demo person: a second tab can be somebody else. Empty beside real servers. */
  readonly user: string;
  readonly view: 'posts' | 'chat';
  /** The open conversation, or `newConversation`. */
  readonly conversation: string | undefined;
};

export const newConversation = 'new';

export function parsePlace(hash: string): Place {
  const [user = '', view, conversation = ''] = hash.replace(/^#/, '').split('/').map(decoded);
  if (view !== 'chat') return { user, view: 'posts', conversation: undefined };
  return { user, view, conversation: conversation === '' ? undefined : conversation };
}

export function hashOf({ user, view, conversation }: Place): string {
  const parts = view === 'chat' ? [user, view, ...(conversation ? [conversation] : [])] : [user];
  return `#${parts.map(encodeURIComponent).join('/')}`;
}

export function usePlace(): Place {
  const hash = useSyncExternalStore(
    (changed) => {
      window.addEventListener('hashchange', changed);
      return () => window.removeEventListener('hashchange', changed);
    },
    () => location.hash,
  );
  return useMemo(() => parsePlace(hash), [hash]);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
