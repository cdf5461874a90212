import type { PresenceState } from '../../../client/index.ts';

/** Nothing where nobody knows: no news is never shown as "offline". */
export function PresenceDot({ state }: { state: PresenceState | undefined }) {
  if (state !== 'online' && state !== 'offline') return null;
  return (
    <span className={`presence presence-${state}`} data-presence={state}>
      <span className="hidden">{`, ${state}`}</span>
    </span>
  );
}

export function presenceInWords(state: PresenceState | undefined): string {
  return state === 'online' ? 'Online' : state === 'offline' ? 'Offline' : '';
}
