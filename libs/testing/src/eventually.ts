/** Calls the assertion until it no longer throws, and returns what it returned.
 * @throws what it threw last, with the time waited in its message, after `timeoutMs` (10 s). */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 10_000, intervalMs = 25 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const start = performance.now();
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      const waited = performance.now() - start;
      if (waited >= timeoutMs) throw inTime(error, waited);
      await new Promise((resolve) => setTimeout(resolve, Math.min(intervalMs, timeoutMs - waited)));
    }
  }
}

function inTime(error: unknown, waitedMs: number): Error {
  const note = `still so after ${Math.round(waitedMs)} ms: `;
  if (!(error instanceof Error)) return new Error(note + String(error), { cause: error });
  error.message = note + error.message;
  return error;
}
