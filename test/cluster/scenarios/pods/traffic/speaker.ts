import { setTimeout as sleep } from 'node:timers/promises';

/** Somebody who says one thing after another. */
export type Speaker = {
  /** Resolves when nothing is on its way any more. */
  pause(): Promise<void>;
  resume(): void;
};

/**
 * @param say resolves when it is acknowledged; whoever fails tries again inside
 * @param everyMs from the beginning of one to the next, at least
 */
export function speaker(name: string, everyMs: number, say: (text: string) => Promise<void>): Speaker {
  let speaking = true;
  let turn = Promise.resolve();
  let count = 0;
  const speak = async () => {
    while (speaking) {
      const pause = sleep(everyMs);
      await say(`${name} ${count++}`);
      await pause;
    }
  };
  const resume = () => {
    speaking = true;
    turn = speak();
    turn.catch((error: unknown) => {
      console.log(error);
      process.exit(1);
    });
  };
  resume();
  return {
    async pause() {
      speaking = false;
      await turn;
    },
    resume,
  };
}
