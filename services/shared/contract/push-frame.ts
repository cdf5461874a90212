import type { StreamId } from './ids.ts';
import { clientMethods } from './names.ts';

/**
 * What a row becomes for a client. `receive`: the method for a row that is new to it (null: a stock client never hears
 * of it); `change`: the method for clients that subscribed with a cursor.
 */
export const pushKinds = {
  notification: {
    code: 1,
    receive: clientMethods.receiveNotification,
    change: clientMethods.notificationChanged,
  },
  deleted: { code: 2, receive: null, change: clientMethods.notificationDeleted },
  read: { code: 3, receive: null, change: clientMethods.notificationsRead },
  message: { code: 4, receive: clientMethods.receiveMessage, change: clientMethods.messageChanged },
  messageDeleted: { code: 5, receive: null, change: clientMethods.messageDeleted },
} as const satisfies Record<string, { code: number; receive: string | null; change: string }>;

export type PushKind = keyof typeof pushKinds;

/** A row of a stream on its way to clients. */
export type PushRow = {
  readonly kind: PushKind;
  readonly seq: number;
  /** 0 for rows that are no entry of the list (a mark of read). */
  readonly number: number;
  /**
   * Version of the conversation's membership when the row took its seq: the seq of the last row that changed it. Whoever
   * knows an older one reads the members again before it hands the row on. 0 where a stream has no members.
   */
  readonly members: number;
  /** UTF-8 JSON of the one argument that the client's method gets; forwarded untouched. */
  readonly body: Uint8Array;
};

/** What a conversation has become, not to be shown before all of its rows up to `seq` are. */
export type ConversationNews = {
  readonly seq: number;
  /** UTF-8 JSON of the one argument that the client's method gets; forwarded untouched. */
  readonly body: Uint8Array;
};

/** What travels on the backplane: one row, which stream and life it belongs to, and what it makes of its conversation. */
export type PushFrame = PushRow & {
  readonly stream: StreamId;
  readonly epoch: string;
  /** Of the same epoch. */
  readonly news?: ConversationNews | undefined;
};

const version = 1;
const versionWithNews = 2;
const kindByCode = new Map<number, PushKind>(
  Object.entries(pushKinds).map(([kind, { code }]) => [code, kind as PushKind]),
);
const headerLength = 30;
const newsHeaderLength = 12;

/**
 * Layout, big endian: u8 version, u8 kind, f64 seq, f64 number, f64 members, u16 length of the stream, u16 of the epoch,
 * stream, epoch, the body to the end. Version 2 has news before the body: f64 seq, u32 length, their body.
 */
export function encodePushFrame(frame: PushFrame): Buffer {
  const stream = Buffer.from(frame.stream);
  const epoch = Buffer.from(frame.epoch);
  const head = Buffer.allocUnsafe(headerLength + stream.length + epoch.length);
  head[0] = frame.news ? versionWithNews : version;
  head[1] = pushKinds[frame.kind].code;
  head.writeDoubleBE(frame.seq, 2);
  head.writeDoubleBE(frame.number, 10);
  head.writeDoubleBE(frame.members, 18);
  head.writeUInt16BE(stream.length, 26);
  head.writeUInt16BE(epoch.length, 28);
  stream.copy(head, headerLength);
  epoch.copy(head, headerLength + stream.length);
  return Buffer.concat([head, ...(frame.news ? newsParts(frame.news) : []), frame.body]);
}

function newsParts({ seq, body }: ConversationNews): [Uint8Array, Uint8Array] {
  const head = Buffer.allocUnsafe(newsHeaderLength);
  head.writeDoubleBE(seq, 0);
  head.writeUInt32BE(body.length, 8);
  return [head, body];
}

/** undefined for a frame of a version or kind that this process does not know: it repairs from the service instead. */
export function decodePushFrame(bytes: Uint8Array): PushFrame | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < headerLength || (buffer[0] !== version && buffer[0] !== versionWithNews)) return undefined;
  const kind = kindByCode.get(buffer[1] ?? 0);
  const seq = buffer.readDoubleBE(2);
  const number = buffer.readDoubleBE(10);
  const members = buffer.readDoubleBE(18);
  const streamEnd = headerLength + buffer.readUInt16BE(26);
  const epochEnd = streamEnd + buffer.readUInt16BE(28);
  if (!kind || ![seq, number, members].every(Number.isSafeInteger) || epochEnd > buffer.length) return undefined;
  const news = buffer[0] === versionWithNews ? newsAt(buffer, epochEnd) : { read: undefined, end: epochEnd };
  if (!news) return undefined;
  return {
    kind,
    seq,
    number,
    members,
    stream: buffer.toString('utf8', headerLength, streamEnd) as StreamId,
    epoch: buffer.toString('utf8', streamEnd, epochEnd),
    body: buffer.subarray(news.end),
    news: news.read,
  };
}

/** undefined: cut off. */
function newsAt(buffer: Buffer, start: number): { readonly read: ConversationNews; readonly end: number } | undefined {
  const bodyStart = start + newsHeaderLength;
  if (bodyStart > buffer.length) return undefined;
  const seq = buffer.readDoubleBE(start);
  const end = bodyStart + buffer.readUInt32BE(start + 8);
  if (!Number.isSafeInteger(seq) || end > buffer.length) return undefined;
  return { read: { seq, body: buffer.subarray(bodyStart, end) }, end };
}
