import type { BadAnswer } from '../../traffic/traffic-report.ts';

type Asked = Pick<BadAnswer, 'route' | 'method' | 'began'>;

/** Keeps what went wrong with requests. */
export class Answers {
  #answered = 0;
  #bad: BadAnswer[] = [];

  note(asked: Asked, status: number, detail: string): void {
    if (status > 0) this.#answered += 1;
    if (status === 0 || status >= 500) this.#bad.push({ ...asked, status, detail, ended: Date.now() });
  }

  /** Since the last time. */
  take(): { answered: number; bad: readonly BadAnswer[] } {
    const taken = { answered: this.#answered, bad: this.#bad };
    this.#answered = 0;
    this.#bad = [];
    return taken;
  }

  /** For an SDK client. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const asked = askedOf(String(input), init?.method ?? 'GET');
    try {
      const response = await globalThis.fetch(input, init);
      this.note(asked, response.status, response.status >= 500 ? await response.clone().text() : '');
      return response;
    } catch (error) {
      this.note(asked, 0, causeOf(error));
      throw error;
    }
  };
}

export function askedOf(url: string, method: string): Asked {
  const route = new URL(url).pathname.startsWith('/api/chat') ? 'chat' : 'notifications';
  return { route, method, began: Date.now() };
}

function causeOf(error: unknown): string {
  const { cause } = error as Error;
  return cause instanceof Error ? `${error}: ${cause}` : String(error);
}
