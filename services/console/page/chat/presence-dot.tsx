import type { PresenceState } from '../../../client/index.ts';

/** Decoration: the words stand beside it. Nothing where nobody knows: no news is never shown as "offline". */
export function PresenceDot({ state }: { state: PresenceState | undefined }) {
  if (state !== 'online' && state !== 'offline') return null;
  return <span className={`presence presence-${state}`} data-presence={state} aria-hidden="true" />;
}

/** Empty where nobody knows. */
export function presenceInWords(state: PresenceState | undefined): string {
  return state === 'online' ? 'Online' : state === 'offline' ? 'Offline' : '';
}
