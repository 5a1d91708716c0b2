import { feedbackReceived, hopEventId, trailHeader, trailOf, type TrailStep } from '@closeloop/contracts';
import { textHeaders } from '@closeloop/messaging';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LedgerReader } from '../domain/ledger-view.js';
import { TraceReader, type TraceView } from '../domain/trace-view.js';
import { trailsOf } from '../domain/trail-record.js';
import { detailsOf } from './dead-letters.repository.js';

interface LetterRow {
  id: string;
  topic: string;
  partition: number;
  offset: string;
  group: string;
  attempts: number;
  died_at: Date;
  details: string | null;
}

@Injectable()
export class TraceReaderRepository extends TraceReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ledger: LedgerReader,
  ) {
    super();
  }

  override async trace(feedbackId: string): Promise<TraceView | undefined> {
    // what is read after the ledger may be a moment newer than it
    const view = await this.ledger.feedback(feedbackId);
    if (!view) return undefined;
    const [row] = await this.dataSource.query<{ trail: string | null }[]>(
      'select trail from feedback where feedback_id = $1',
      [feedbackId],
    );
    const unsent = await this.dataSource.query<{ id: string }[]>(
      `select convert_from(headers, 'UTF8')::json ->> 'ce_id' as id from outbox
       where key = convert_to($1, 'UTF8') and topic = $2`,
      [feedbackId, feedbackReceived.topic],
    );
    const letters = await this.dataSource.query<LetterRow[]>(
      `select letter.letter_id as id, letter.topic, letter."partition", letter."offset", letter."group", letter.attempts,
         letter.died_at, body.details
       from dead_letter letter
       left join feedback_body body on body.feedback_id = letter.feedback_id and body.part = letter.letter_id::text
       where letter.feedback_id = $1`,
      [feedbackId],
    );

    const waiting = new Set(unsent.map(({ id }) => id));
    const trails = trailsOf(row?.trail ?? null);
    const steps = new Map(letters.map((letter) => [letter.id, stepsOf(letter)]));
    const { source, revision, status, outcome, loop } = view;
    return {
      ...{ feedbackId, source, revision, status },
      ...(outcome && { outcome }),
      ...(loop && { loop }),
      revisions: view.revisions.map(({ revision: number, kind, receivedAt, contentHash }) => {
        const eventId = hopEventId('received', { feedbackId, revision: number, contentHash });
        return {
          ...{ revision: number, kind, receivedAt, eventId },
          outbox: waiting.has(eventId) ? 'waiting' : 'sent',
          steps: trails.get(number) ?? [],
        };
      }),
      deadLetters: view.deadLetters.map(({ id, revision: number, state, reason }) => ({
        id,
        ...(number !== undefined && { revision: number }),
        ...{ state, reason },
        steps: steps.get(id) ?? [],
      })),
    };
  }
}

/** The way that a letter's event came, and the step that it died at. */
function stepsOf({ group, topic, partition, offset, died_at: diedAt, attempts, details }: LetterRow): TrailStep[] {
  const content = detailsOf(details);
  return [
    ...trailOf(content && textHeaders(content.headers)[trailHeader]),
    { group, topic, partition, offset, at: diedAt.toISOString(), attempts },
  ];
}
