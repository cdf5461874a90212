import type { ShownMessage } from '../../../client/index.ts';
import { Icon, type IconName } from '../icon.tsx';

const states: Record<ShownMessage['delivery'], { text: string; icon: IconName; quiet: boolean }> = {
  waiting: { text: 'Waiting to be sent', icon: 'clock', quiet: false },
  sending: { text: 'Sending', icon: 'clock', quiet: true },
  sent: { text: 'Sent', icon: 'check', quiet: true },
  failed: { text: 'Not sent', icon: 'close', quiet: true },
};

/** How far an own message is. */
export function Delivery({ state }: { state: ShownMessage['delivery'] }) {
  const { text, icon, quiet } = states[state];
  return (
    <span className="delivery" title={text}>
      <span className={quiet ? 'hidden' : undefined}>{text}</span>
      <Icon name={icon} />
    </span>
  );
}

type NotSentProps = { message: ShownMessage; retry: () => void; discard: () => void };

/** The server refused it, in its own words. */
export function NotSent({ message: { error }, retry, discard }: NotSentProps) {
  return (
    <div className="not-sent" role="alert">
      <p>Not sent: {error instanceof Error ? error.message : String(error)}.</p>
      <button type="button" className="button" onClick={retry}>
        Try again
      </button>
      <button
        type="button"
        className="button"
        onClick={() => {
          document.getElementById('message')?.focus();
          discard();
        }}
      >
        Discard
      </button>
    </div>
  );
}
