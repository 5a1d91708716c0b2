/** Kafka cannot be reached, or refuses: no topic was made. */
export class InboxUnavailableError extends Error {}

/** The topics of teams' inboxes. */
export abstract class InboxTopics {
  /** Makes those that are not there. @throws InboxUnavailableError */
  abstract make(teams: readonly string[]): Promise<void>;
}
