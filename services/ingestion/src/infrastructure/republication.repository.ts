import { feedbackReceived, hopEventId, resendHeader, type FeedbackReceived } from '@closeloop/contracts';
import { Outbox, type OutgoingEvent } from '@closeloop/messaging';
import { AuditLog } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Actor } from '../domain/actor.js';
import { type CanonicalContent } from '../domain/candidate.js';
import {
  RepublicationStore,
  type Republication,
  type Republished,
  type RevisionPlace,
} from '../domain/republication.js';
import { receivedIn } from './received-in.js';

/** Most feedback, events and bytes of one page; a single event may have more bytes. */
const maxFeedback = 500;
const maxEvents = 2_000;
const maxBytes = 8 * 1024 * 1024;

interface RevisionRow {
  feedback_id: string;
  revision: number;
  content_hash: string;
  received_at: Date;
  bytes: number | null;
}

@Injectable()
export class RepublicationRepository extends RepublicationStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override republish(
    which: Republished,
    after: RevisionPlace | undefined,
    resend: string,
    actor: Actor,
  ): Promise<Republication> {
    return this.dataSource.transaction(async (manager) => {
      const ids = await this.chosen(manager, which, after);
      if (ids.length === 0) return { feedback: 0, events: 0, erased: 0 };
      // as acceptance does: a revision that is accepted meanwhile comes after these
      await manager.query(
        'select 1 from feedback where feedback_id = any($1::uuid[]) order by feedback_id for update',
        [ids],
      );
      const revisions = await manager.query<RevisionRow[]>(
        `select revision.feedback_id, revision.revision, encode(revision.content_hash, 'hex') as content_hash,
           revision.received_at, octet_length(body.body) as bytes
         from feedback_revision revision
         left join feedback_body body
           on body.feedback_id = revision.feedback_id and body.part = revision.revision::text
         where revision.feedback_id = any($1::uuid[])
           and ($2::uuid is null or (revision.feedback_id, revision.revision) > ($2::uuid, $3::int))
         order by revision.feedback_id, revision.revision limit ${maxEvents + 1}`,
        [ids, after?.feedbackId ?? null, after?.revision ?? null],
      );
      const page = firstOf(revisions);
      const events = await this.eventsOf(manager, page);
      await this.outbox.append(manager, events, { [resendHeader]: resend });
      await this.audit.append(manager, {
        ...{ actor, action: 'feedback.republished', resource: { kind: 'resend', id: resend } },
        after: { ...askedFor(which), after: after && `${after.feedbackId}/${after.revision}`, events: events.length },
      });
      const last = page.at(-1);
      const complete = page.length === revisions.length && ids.length < maxFeedback;
      return {
        feedback: new Set(page.map((row) => row.feedback_id)).size,
        events: events.length,
        erased: page.length - events.length,
        ...(last && !complete && { next: { feedbackId: last.feedback_id, revision: last.revision } }),
      };
    });
  }

  override unsent(): number {
    return this.outbox.unsent;
  }

  override isFull(): boolean {
    return this.outbox.isFull();
  }

  override wake(): void {
    this.outbox.wake();
  }

  /** The feedback of the page, in the order of ids; that of the last page comes again while revisions of it are left. */
  private async chosen(
    manager: EntityManager,
    which: Republished,
    after: RevisionPlace | undefined,
  ): Promise<string[]> {
    const rows =
      'ids' in which
        ? await manager.query<{ feedback_id: string }[]>(
            `select feedback_id from feedback
             where feedback_id = any($1::uuid[]) and ($2::uuid is null or feedback_id >= $2)
             order by feedback_id limit ${maxFeedback}`,
            [which.ids, after?.feedbackId ?? null],
          )
        : await manager.query<{ feedback_id: string }[]>(
            `select feedback_id from feedback
             where ($1::uuid is null or feedback_id >= $1) and ($2::text is null or source = $2) and ${receivedIn(3, which)}
             order by feedback_id limit ${maxFeedback}`,
            [after?.feedbackId ?? null, which.source ?? null, which.from, which.to ?? null],
          );
    return rows.map((row) => row.feedback_id);
  }

  private async eventsOf(
    manager: EntityManager,
    revisions: readonly RevisionRow[],
  ): Promise<OutgoingEvent<FeedbackReceived>[]> {
    const bodies = await manager.query<{ at: string; body: Buffer }[]>(
      `select asked.at, body.body from unnest($1::uuid[], $2::text[]) with ordinality as asked (feedback_id, part, at)
       join feedback_body body using (feedback_id, part) where body.body is not null`,
      [revisions.map((row) => row.feedback_id), revisions.map(({ revision }) => String(revision))],
    );
    const byPlace = new Map(bodies.map(({ at, body }) => [Number(at) - 1, body]));
    return revisions.flatMap((row, at) => {
      const body = byPlace.get(at);
      return body ? [receivedAgain(row, JSON.parse(body.toString()) as CanonicalContent)] : [];
    });
  }
}

/** As many as one page takes. */
function firstOf(revisions: readonly RevisionRow[]): RevisionRow[] {
  const page: RevisionRow[] = [];
  let bytes = 0;
  for (const row of revisions.slice(0, maxEvents)) {
    bytes += row.bytes ?? 0;
    if (page.length > 0 && bytes > maxBytes) break;
    page.push(row);
  }
  return page;
}

/** The event as acceptance sent it, under the id that it had. */
const receivedAgain = (
  { feedback_id: feedbackId, revision, content_hash: contentHash, received_at: receivedAt }: RevisionRow,
  content: CanonicalContent,
): OutgoingEvent<FeedbackReceived> => ({
  event: feedbackReceived,
  id: hopEventId('received', { feedbackId, revision, contentHash }),
  subject: feedbackId,
  data: { ...content, revision, contentHash, receivedAt: receivedAt.toISOString() },
});

const askedFor = (which: Republished) =>
  'ids' in which
    ? { ids: which.ids.length }
    : { from: which.from.toISOString(), to: which.to?.toISOString(), source: which.source };
