/**
 * SQL that is true for a row of `feedback` one of whose revisions was received from parameter `at` on before the next one;
 * null bounds nothing, and where nothing is bounded no revision is looked at.
 */
export const receivedIn = (at: number, { from, to }: { from?: Date; to?: Date }): string =>
  from || to
    ? `feedback.feedback_id in (
         select received.feedback_id from feedback_revision received
         where received.received_at >= coalesce($${at}::timestamptz, '-infinity')
           and received.received_at < coalesce($${at + 1}::timestamptz, 'infinity'))`
    : `coalesce($${at}::timestamptz, $${at + 1}::timestamptz) is null`;
