import { replyEventId, replyFailed, replySent } from '@closeloop/contracts';
import { type SettledReply } from './reply-store.js';

/** What came of a reply as an event: its id follows from what it says. */
export function outgoingResult({ replyId, loopId, feedbackId, at, result }: SettledReply) {
  const time = at.toISOString();
  const told = { replyId, loopId, feedbackId, at: time };
  return result.kind === 'sent'
    ? {
        ...{ event: replySent, id: replyEventId('sent', replyId), subject: feedbackId, time },
        data: { ...told, ...(result.externalId !== undefined && { externalId: result.externalId }) },
      }
    : {
        ...{ event: replyFailed, id: replyEventId('failed', replyId), subject: feedbackId, time },
        data: { ...told, reason: result.reason, message: result.message },
      };
}
