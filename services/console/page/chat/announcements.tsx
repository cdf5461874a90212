import { useEffect, useRef, useState } from 'react';
import type { ShownMessage } from '../../../client/index.ts';
import { isSystem } from './arrange-messages.ts';
import { messageInWords, systemInWords } from './chat-wording.ts';
import { useReader } from './use-reader.ts';

const most = 5;

/** Says to a screen reader what others write while the conversation is open; not what was there before. */
export function Announcements({ messages, loaded }: { messages: readonly ShownMessage[]; loaded: boolean }) {
  const reader = useReader();
  const said = useRef<number>(undefined);
  const [texts, setTexts] = useState<readonly { key: string; text: string }[]>([]);
  useEffect(() => {
    if (!loaded) return;
    const before = said.current;
    said.current = Math.max(before ?? 0, ...messages.map(({ number = 0 }) => number));
    if (before === undefined) return;
    const isFresh = ({ number = 0, senderId, deleted }: ShownMessage) =>
      number > before && senderId !== reader.me && !deleted;
    const fresh = messages.filter(isFresh);
    if (fresh.length === 0) return;
    const added = fresh.map((message) => ({
      key: message.key,
      text: isSystem(message)
        ? systemInWords(message, reader)
        : `${reader.nameOf(message.senderId ?? '')}: ${messageInWords(message)}`,
    }));
    setTexts((shown) => [...shown, ...added].slice(-most));
  }, [messages, loaded, reader]);
  return (
    <div className="hidden" role="log" aria-label="New messages">
      {texts.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}
