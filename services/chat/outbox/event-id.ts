import { createHash } from 'node:crypto';
import type { ChatRow } from '../domain/message-row.ts';

/**
 * The same GUID for every attempt to publish one state of a row. The epoch is part of it: after a restore the same seq
 * can be another state, which a consumer must not drop as known.
 */
export function eventIdOf(row: Pick<ChatRow, 'id' | 'seq'>, epoch: string): string {
  const bytes = createHash('sha256').update(`${epoch}:${row.id}:${row.seq}`).digest().subarray(0, 16);
  // RFC 9562, version 8: made by a rule of our own.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
