import { type FollowUpMail } from './follow-up-message.js';

/** Hands mail over to a server. */
export abstract class FollowUpMailer {
  /** Whether there is a server. */
  abstract readonly isOn: boolean;
  /**
   * Resolves once the server has taken the mail; it may have taken it, too, where this rejects.
   * @throws an Error with `isFinal`: the server will never take it
   */
  abstract send(mail: FollowUpMail & { readonly to: string }): Promise<void>;
}
