import type { ConnectionStatus, NotKeptError } from '../../../client/index.ts';
import { useNow } from '../use-now.ts';
import { useOnline } from '../use-online.ts';

type ChatTroubleProps = { connection: ConnectionStatus; retry: () => void; notKept: NotKeptError | undefined };

/** Says what does not work, and what will happen. Nothing while all is well. */
export function ChatTrouble({ connection, retry, notKept }: ChatTroubleProps) {
  const online = useOnline();
  const text = troubleOf(connection, online);
  return (
    <div className="troubles">
      {/* Without the seconds: a screen reader would read each of them. */}
      <p className="hidden" role="status">
        {text}
      </p>
      {text && (
        <div className="trouble">
          <p>
            <span aria-hidden="true">{text} </span>
            {connection.state === 'waiting' && <NextTry retryAt={connection.retryAt} />}
          </p>
          {(connection.state === 'waiting' || connection.state === 'ended') && (
            <button type="button" className="button" onClick={retry}>
              Try now
            </button>
          )}
        </div>
      )}
      <div role="status">{notKept && <NotKept error={notKept} />}</div>
    </div>
  );
}

function NotKept({ error: { full } }: { error: NotKeptError }) {
  const why = full ? 'the storage of this browser is full' : 'this browser keeps nothing for this page';
  return (
    <div className="trouble">
      <p>A message that waits to be sent is lost when you close or reload this tab: {why}.</p>
    </div>
  );
}

function NextTry({ retryAt }: { retryAt: number }) {
  const seconds = Math.ceil((retryAt - useNow(500)) / 1000);
  return <span className="trouble-next">{seconds > 0 ? `Reconnecting in ${seconds} s.` : 'Reconnecting now.'}</span>;
}

function troubleOf(connection: ConnectionStatus, online: boolean): string {
  switch (connection.state) {
    case 'connected':
    case 'connecting':
    case 'stopped':
      return '';
    case 'waiting':
      return online
        ? 'Connection lost: what others write may come late.'
        : 'You are offline: what you write is kept and sent later.';
    case 'ended':
      return `The server ended the connection: ${connection.reason}.`;
    case 'signed-out':
      return 'You are signed out.';
  }
}
