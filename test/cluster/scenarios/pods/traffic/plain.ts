import { Agent, request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceUrl, tokenOf } from '../program.ts';
import { type Answers, askedOf } from './answers.ts';
import type { Ledger } from './ledger.ts';
import { type Speaker, speaker } from './speaker.ts';

const everyMs = 700;
const againMs = 250;
const timeoutMs = 20_000;

/**
 * Somebody without an SDK: POSTs on a connection that is kept, each until its 201; reads of both services, each on a
 * connection of its own, so that every gateway is met.
 */
export function startPlain(answers: Answers, ledger: Ledger, user: string, conversationId: string): Speaker[] {
  const url = serviceUrl('gateway', 8100);
  const kept = new Agent({ keepAlive: true });
  const write = speaker('carol', everyMs, async (content) => {
    const body = JSON.stringify({ conversationId, content, type: 0, clientMessageId: crypto.randomUUID() });
    for (;;) {
      const status = await ask(answers, `${url}/api/chat/messages`, { agent: kept, user, body });
      if (status === 201) break;
      if (status >= 400 && status < 500 && status !== 429) throw new Error(`${content} was refused with ${status}`);
      await sleep(againMs);
    }
    ledger.acknowledged(content);
  });
  const reads = ['/api/chat/conversations', '/api/notifications/unread-count'].map((path) =>
    speaker(path, everyMs, async () => {
      const status = await ask(answers, url + path, { agent: false, user });
      if (status !== 200 && status !== 0 && status < 500) ledger.fault(`GET ${path} was answered with ${status}`);
    }),
  );
  return [write, ...reads];
}

type Asking = { readonly agent: Agent | false; readonly user: string; readonly body?: string };

/** The status; 0 when there was no answer. */
async function ask(answers: Answers, url: string, { agent, user, body }: Asking): Promise<number> {
  const method = body === undefined ? 'GET' : 'POST';
  const headers = {
    authorization: `Bearer ${await tokenOf(user)}`,
    ...(body && { 'content-type': 'application/json' }),
  };
  const asked = askedOf(url, method);
  try {
    const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const sent = request(url, { method, headers, agent, timeout: timeoutMs }, (response) => {
        textOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
      });
      sent.on('timeout', () => sent.destroy(new Error('it took too long')));
      sent.on('error', reject);
      sent.end(body);
    });
    answers.note(asked, status, text);
    return status;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    answers.note(asked, 0, code ?? message);
    return 0;
  }
}
