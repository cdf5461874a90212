/**
 * The answer of `call`, which changes nothing when it is made again. Where the store began anew meanwhile the answer may
 * tell of a row that a restore took back: it is asked once more, so that what a person did is there in the new life too.
 */
export async function inOneLife<T>(life: () => string | undefined, call: () => Promise<T>): Promise<T> {
  for (;;) {
    const before = life();
    const answer = await call();
    if (life() === before) return answer;
  }
}
