import { randomBytes } from 'node:crypto';

const processPart = randomBytes(5).toString('hex');
let counter = randomBytes(3).readUIntBE(0, 3);

/** 24 hex digits as MongoDB makes them: seconds, process, counter. Ids of one process sort by time. */
export function newObjectId(nowMs: number): string {
  counter = (counter + 1) % 0x1000000;
  const seconds = Math.floor(nowMs / 1000);
  return seconds.toString(16).padStart(8, '0').slice(-8) + processPart + counter.toString(16).padStart(6, '0');
}

/** Lower case; undefined when `text` is no id. */
export function parseObjectId(text: string): string | undefined {
  return /^[0-9a-f]{24}$/i.test(text) ? text.toLowerCase() : undefined;
}
