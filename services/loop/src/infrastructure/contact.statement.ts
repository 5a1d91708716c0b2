import { type EntityManager } from 'typeorm';
import { type Asked, type Contact } from '../domain/follow-up.js';

/** One decision at a time for each of these customers, who are sorted. */
export async function lockCustomers(manager: EntityManager, customers: readonly string[]): Promise<void> {
  if (customers.length === 0) return;
  await manager.query(
    `insert into customer (customer) select c from unnest($1::uuid[]) c order by c on conflict do nothing`,
    [customers],
  );
  await manager.query('select 1 from customer where customer = any($1::uuid[]) order by customer for update', [
    customers,
  ]);
}

type ContactRow = { loopId: string; optedOut: boolean } & Record<Exclude<keyof Contact, 'optedOut'>, string | null>;

/** What is needed of the words of these loops' feedback, newest first. */
export async function contactsOf(manager: EntityManager, loopIds: readonly string[]): Promise<Map<string, Contact[]>> {
  const contacts = new Map<string, Contact[]>();
  if (loopIds.length === 0) return contacts;
  const rows = await manager.query<ContactRow[]>(
    `select l.loop_id "loopId", f.feedback_id "feedbackId", f.revision, f.source,
        w.body #>> '{feedback,channel}' channel, w.body #>> '{feedback,externalId}' "externalId",
        w.body #>> '{feedback,author,email}' email,
        coalesce(w.body #>> '{tags,language,tag}', w.body #>> '{feedback,languageHint}') language,
        coalesce(w.body #>> '{feedback,attributes,timeZone}', w.body #>> '{feedback,attributes,timezone}') zone,
        coalesce(w.body #>> '{feedback,attributes,doNotContact}', 'false') = 'true' "optedOut"
      from unnest($1::uuid[]) l(loop_id)
        cross join lateral (
          select * from feedback where feedback.loop_id = l.loop_id and place = 'joined'
          union all
          select feedback.* from loop_history h join feedback using (feedback_id)
            where h.loop_id = l.loop_id and h.version = 1
        ) f
        join words w on w.words_id = f.feedback_id and w.kind = 'feedback'
      where f.outcome <> 'withdrawn'
      order by f.received_at desc, f.feedback_id`,
    [loopIds],
  );
  for (const row of rows) {
    const { loopId, feedbackId, revision, source, channel, externalId, email, language, zone, optedOut } = row;
    const contact: Contact = {
      ...{ feedbackId: feedbackId!, revision: Number(revision), source: source!, channel: channel! },
      ...(externalId !== null && { externalId }),
      ...(email !== null && { email }),
      ...(language !== null && { language }),
      ...(zone !== null && { zone }),
      ...(optedOut && { optedOut }),
    };
    const known = contacts.get(loopId);
    if (known) known.push(contact);
    else contacts.set(loopId, [contact]);
  }
  return contacts;
}

/** What these customers were asked and told since then. To be read once their lock is held. */
export function askedSince(
  manager: EntityManager,
  customers: readonly string[],
  since: Date,
): Promise<(Asked & { readonly customer: string })[]> {
  return manager.query(
    `select follow_up_id id, loop_id "loopId", state = 'answered' answered, asked_at "askedAt", customer from follow_up
        where customer = any($1::uuid[]) and asked_at > $2
      union all
      select notice_id, loop_id, false, asked_at, customer from notice
        where customer = any($1::uuid[]) and asked_at > $2`,
    [customers, since],
  );
}
