import { useCallback, useRef, useState } from 'react';
import type { ConnectionStatus } from '../../client/index.ts';
import { Icon } from './icon.tsx';
import { isTransportId, type TransportId, transports } from './transports.ts';
import { useDismiss } from './use-dismiss.ts';
import { useNow } from './use-now.ts';
import { useOnline } from './use-online.ts';

type ConnectionPillProps = {
  connection: ConnectionStatus;
  transport: TransportId;
  choose: (transport: TransportId) => void;
  retry: () => void;
};

export function ConnectionPill({ connection, transport, choose, retry }: ConnectionPillProps) {
  const [open, setOpen] = useState(false);
  const online = useOnline();
  const whole = useRef<HTMLDivElement>(null);
  const pill = useRef<HTMLButtonElement>(null);
  const dismiss = useCallback((byKey: boolean) => {
    setOpen(false);
    if (byKey) pill.current?.focus();
  }, []);
  useDismiss(whole, open, dismiss);
  const { tone, text, detail } = describe(connection, online);
  return (
    <div className="connection" ref={whole}>
      <button
        ref={pill}
        type="button"
        className={`pill pill-${tone}`}
        aria-label={detail ? `${text} · ${detail}` : text}
        aria-expanded={open}
        aria-controls="connection-menu"
        onClick={() => setOpen(!open)}
      >
        <span className="pill-dot" aria-hidden="true" />
        <span className="pill-text">
          {text}
          {detail && (
            <span className="pill-detail">
              <span className="pill-separator"> · </span>
              {detail}
            </span>
          )}
        </span>
        <Icon name="chevron" />
      </button>
      <span className="hidden" role="status">
        {detail ? `${text} over ${detail}` : text}
      </span>
      {open && (
        <div id="connection-menu" className="menu">
          {connection.state === 'waiting' && <Waiting connection={connection} retry={retry} />}
          <fieldset>
            <legend>Connect over</legend>
            {Object.entries(transports).map(([id, { name, detail: way }]) => (
              <label key={id} className="choice">
                <input
                  type="radio"
                  name="transport"
                  value={id}
                  checked={id === transport}
                  onChange={() => isTransportId(id) && choose(id)}
                />
                <span>
                  {name} <span className="choice-detail">{way}</span>
                </span>
              </label>
            ))}
          </fieldset>
        </div>
      )}
    </div>
  );
}

function Waiting({ connection, retry }: { connection: ConnectionStatus & { state: 'waiting' }; retry: () => void }) {
  const now = useNow(500);
  const seconds = Math.ceil((connection.retryAt - now) / 1000);
  return (
    <div className="waiting">
      <p>
        {seconds > 0 ? `Next try in ${seconds} s` : 'Trying now'} (try {connection.attempt}).
      </p>
      <p className="waiting-reason">{connection.reason}</p>
      <button type="button" className="button" onClick={retry}>
        Try now
      </button>
    </div>
  );
}

function describe(connection: ConnectionStatus, online: boolean): { tone: string; text: string; detail?: string } {
  switch (connection.state) {
    case 'connected':
      return { tone: 'good', text: 'Connected', detail: connection.transport };
    case 'connecting':
      return { tone: 'busy', text: 'Connecting' };
    case 'waiting':
      return online ? { tone: 'busy', text: 'Reconnecting' } : { tone: 'bad', text: 'Offline' };
    case 'ended':
    case 'signed-out':
    case 'stopped':
      return { tone: 'bad', text: 'Offline' };
  }
}
