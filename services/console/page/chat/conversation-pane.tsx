import { useCallback, useEffect, useRef, useState } from 'react';
import type { ChatClientState, RealtimeClient } from '../../../client/index.ts';
import { useConversation } from '../../../client/react/index.ts';
import { hashOf, type Place } from '../address.ts';
import { ErrorNote } from '../error-note.tsx';
import { useVisible } from '../use-visible.ts';
import { Announcements } from './announcements.tsx';
import { titleOf, typingInWords } from './chat-wording.ts';
import { Composer } from './composer.tsx';
import { ConversationHead } from './conversation-head.tsx';
import { Details } from './details.tsx';
import { MessageLog } from './message-log.tsx';
import { useKeptScroll } from './use-kept-scroll.ts';
import { useReader } from './use-reader.ts';
import { WaitingCount } from './waiting-count.tsx';

type ConversationPaneProps = { client: RealtimeClient; id: string; state: ChatClientState; place: Place };

export function ConversationPane({ client, id, state: { connection, presence }, place }: ConversationPaneProps) {
  const reader = useReader();
  const conversation = useConversation(client, id);
  const { conversation: row, messages, loaded, gone, typing, fault, actions } = conversation;
  const [details, setDetails] = useState(false);
  const [failure, setFailure] = useState<{ doing: string; error: unknown }>();
  const detailsButton = useRef<HTMLButtonElement>(null);
  const scroll = useKeptScroll(messages);
  const visible = useVisible();
  const title = row ? titleOf(row, reader) : '';

  const { atEnd } = scroll;
  const [newest, readThrough] = [row?.number, row?.readThrough];
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new message, and a connection that is back, are reasons to try again
  useEffect(() => {
    if (loaded && visible && atEnd && !gone) actions.markRead().catch(() => undefined);
  }, [actions, loaded, visible, atEnd, gone, newest, readThrough, messages.length, connection.state]);

  const closeDetails = useCallback(() => {
    setDetails(false);
    detailsButton.current?.focus();
  }, []);
  const act = (doing: string, action: Promise<void>) => {
    action.then(
      () => setFailure(undefined),
      (error: unknown) => setFailure({ doing, error }),
    );
  };

  return (
    <section className="conversation" aria-labelledby="conversation-heading">
      <ConversationHead
        row={row}
        presence={presence}
        back={hashOf({ ...place, conversation: undefined })}
        details={details}
        detailsButton={detailsButton}
        toggleDetails={() => setDetails(!details)}
      />
      <div className="conversation-body">
        <MessageLog
          conversation={conversation}
          scroll={scroll}
          remove={(messageId) => act('Deleting', actions.remove(messageId))}
        />
        {details && row && !gone && (
          <Details client={client} row={row} presence={presence} close={closeDetails} place={place} />
        )}
      </div>
      <Announcements messages={messages} loaded={loaded} />
      <p className="typing" role="status">
        {typingInWords(typing, reader)}
      </p>
      {failure && <ErrorNote {...failure} />}
      {gone && (
        <p className="note conversation-gone" role="status">
          You are not in this conversation, or not any more.{' '}
          <a href={hashOf({ ...place, conversation: undefined })}>Back to the list</a>
        </p>
      )}
      {fault !== undefined && !gone && !loaded && <ErrorNote error={fault} doing="Reading messages" />}
      {!gone && (
        <>
          <WaitingCount messages={messages} connected={connection.state === 'connected'} />
          <Composer
            id={id}
            title={title}
            typing={() => actions.typing()}
            send={(content) => {
              actions.send(content);
              scroll.toEnd();
            }}
          />
        </>
      )}
    </section>
  );
}
