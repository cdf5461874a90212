import type { ShownMessage } from '../../../client/index.ts';
import { useOnline } from '../use-online.ts';

type WaitingCountProps = { messages: readonly ShownMessage[]; connected: boolean };

/** How many own messages cannot be sent now. Those that are merely on their way do not count. */
export function WaitingCount({ messages, connected }: WaitingCountProps) {
  const online = useOnline();
  const unsent = messages.filter(({ delivery }) => delivery === 'waiting' || delivery === 'sending');
  const stuck = !connected || unsent.some(({ error }) => error !== undefined);
  const count = stuck ? unsent.length : 0;
  const text = `${count === 1 ? '1 message waits' : `${count} messages wait`} to be sent.`;
  return (
    <p className="waiting-count" role="status">
      {count > 0 && (online ? text : `You are offline: ${text}`)}
    </p>
  );
}
