/**
 * Waits until `check` has no more reason to complain: it returns undefined when satisfied, else the reason why not.
 * A throw counts as a reason. On time-out the last reason is the error.
 */
export async function eventually(
  check: () => string | undefined | Promise<string | undefined>,
  { timeoutMs = 15_000, everyMs = 20 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let reason: string | undefined;
    try {
      reason = await check();
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (reason === undefined) return;
    if (Date.now() >= deadline) throw new Error(`still not after ${timeoutMs} ms: ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
