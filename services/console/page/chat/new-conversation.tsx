import { useState } from 'react';
import type { RealtimeClient, NewConversation as Wanted } from '../../../client/index.ts';
import { hashOf, type Place } from '../address.ts';
import { ErrorNote } from '../error-note.tsx';
import { Icon } from '../icon.tsx';
import { NewGroup } from './new-group.tsx';
import { NewPair } from './new-pair.tsx';

type NewConversationProps = { client: RealtimeClient; place: Place };

const kinds = { private: 'One person', group: 'Group' } as const;
type Kind = keyof typeof kinds;

export function NewConversation({ client, place }: NewConversationProps) {
  const [kind, setKind] = useState<Kind>('private');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const start = async (wanted: Wanted) => {
    if (busy) return;
    setBusy(true);
    try {
      location.hash = hashOf({ ...place, conversation: await client.chat.create(wanted) });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <section className="conversation new-conversation" aria-labelledby="conversation-heading">
      <header className="conversation-head">
        <a
          className="icon-button conversation-back"
          href={hashOf({ ...place, conversation: undefined })}
          aria-label="All conversations"
          title="All conversations"
        >
          <Icon name="back" />
        </a>
        <h2 id="conversation-heading" tabIndex={-1}>
          New conversation
        </h2>
      </header>
      <div className="new-conversation-body" aria-busy={busy}>
        <fieldset className="segments">
          <legend className="hidden">With</legend>
          {(Object.keys(kinds) as Kind[]).map((each) => (
            <label key={each} className="segment">
              <input type="radio" name="kind" checked={kind === each} onChange={() => setKind(each)} />
              {kinds[each]}
            </label>
          ))}
        </fieldset>
        {error !== undefined && <ErrorNote error={error} doing="Starting the conversation" />}
        {kind === 'private' ? <NewPair start={start} /> : <NewGroup start={start} />}
      </div>
    </section>
  );
}
