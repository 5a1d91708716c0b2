import { type ReadFollowUp } from '../domain/follow-up-store.js';

/** A follow-up as it is shown: neither its link nor whom the cap counts. */
export function followUpView({ followUp, team, words }: ReadFollowUp) {
  const { customer: _customer, handedOverAt, dueAt, ...rest } = followUp;
  return {
    ...rest,
    team,
    ...(followUp.state === 'pending' && { dueAt }),
    ...(handedOverAt && { sentAt: handedOverAt }),
    ...(words !== undefined && { words }),
  };
}
