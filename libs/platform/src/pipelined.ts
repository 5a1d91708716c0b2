/**
 * Waits for statements of one transaction that went out one behind the other, none waiting for another's answer: one journey to the server
 * instead of many. The server executes them in the order in which they were begun.
 * @throws when all are answered: what the first of them to fail has thrown (those behind it fail because of it)
 */
export async function pipelined(...statements: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(statements)).find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}
