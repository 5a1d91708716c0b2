/** An issue: a loop whose customer and closing are known. Times in milliseconds since 1970. */
export interface Issue {
  /** null where the customer is not known: whether they came back cannot be seen */
  readonly customerKey: string | null;
  readonly topics: readonly string[];
  readonly openedAt: number;
  /** null while it is open; of a reopened one the first closing */
  readonly closedAt: number | null;
  /** Answers that the customer was given until it was closed */
  readonly responses: number;
  readonly reopened: boolean;
}

/** What a customer said; the feedback that opened the issue is not among what came after it. */
export interface Contact {
  readonly customerKey: string | null;
  readonly topics: readonly string[];
  readonly at: number;
}

/**
 * resolved: with the first contact. repeated: it took more. pending: it is open, or its days are not over. unknown: by nobody known.
 * Only resolved and repeated count: FCR = resolved / (resolved + repeated), with Wilson's interval.
 */
export type FirstContact = 'resolved' | 'repeated' | 'pending' | 'unknown';

/** For so long after the closing the customer must not have come back. */
export const repeatWindowMs = 7 * 24 * 60 * 60 * 1000;

/**
 * First contact resolution (ISO 18295-1 leaves the window open, most contact centres take 7 days): closed with one response, not
 * reopened, and no further feedback of that customer on that topic from its opening until 7 days after its closing. Of an
 * issue without a topic, or feedback without one, any of the customer's counts as on it. It counts when the 7 days are over, so that young
 * issues do not look better than old ones.
 */
export function firstContact(issue: Issue, contacts: readonly Contact[], now: number): FirstContact {
  const { customerKey, topics, openedAt, closedAt } = issue;
  if (customerKey === null) return 'unknown';
  if (closedAt === null || now < closedAt + repeatWindowMs) return 'pending';
  if (issue.responses !== 1 || issue.reopened) return 'repeated';
  const again = contacts.some(
    (contact) =>
      contact.customerKey === customerKey &&
      contact.at > openedAt &&
      contact.at <= closedAt + repeatWindowMs &&
      sameTopic(topics, contact.topics),
  );
  return again ? 'repeated' : 'resolved';
}

const sameTopic = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === 0 || b.length === 0 || a.some((topic) => b.includes(topic));
