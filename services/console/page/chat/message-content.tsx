import { messageTypes } from '#shared/contract/chat-dto.ts';
import type { ShownMessage } from '../../../client/index.ts';
import { safeUrl } from '../safe-url.ts';

/** What somebody wrote is text and nothing else. Images and files are links, and to http and https addresses only. */
export function MessageContent({ message }: { message: Pick<ShownMessage, 'content' | 'type' | 'deleted'> }) {
  const { content, type, deleted } = message;
  if (deleted) return <p className="message-deleted">Message deleted</p>;
  const kind = messageTypes[type];
  const url = kind === 'image' || kind === 'file' ? safeUrl(content) : undefined;
  if (url === undefined) {
    return (
      <p className="message-text" dir="auto">
        {content}
      </p>
    );
  }
  return (
    <p className="message-text">
      {kind === 'image' ? 'Image: ' : 'File: '}
      <a href={url} target="_blank" rel="noopener noreferrer">
        {content}
      </a>
    </p>
  );
}
