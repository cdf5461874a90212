import { existsSync, statSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from './container.ts';

const LOOK_EVERY_MS = 200;

/** `previous`, `tailLines` and `follow` of the query; the last goes on to the container's end. */
export async function sendLog(container: Container, query: URLSearchParams, response: ServerResponse): Promise<void> {
  const back = query.get('previous') === 'true' ? 1 : 0;
  const file = container.logFile(container.restarts - back);
  response.writeHead(200, { 'content-type': 'text/plain' });
  const whole = existsSync(file) ? await readFile(file) : Buffer.alloc(0);
  const tail = query.get('tailLines');
  response.write(
    tail === null
      ? whole
      : whole
          .toString()
          .split('\n')
          .slice(-1 - Number(tail))
          .join('\n'),
  );
  const { process } = container;
  let at = whole.length;
  while (query.get('follow') === 'true' && !response.destroyed) {
    // A last look after the container's end.
    const last = process === undefined || container.process !== process;
    const size = existsSync(file) ? statSync(file).size : 0;
    if (size > at) {
      await using handle = await open(file);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - at), 0, size - at, at);
      response.write(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    if (last) break;
    await sleep(LOOK_EVERY_MS);
  }
  response.end();
}
