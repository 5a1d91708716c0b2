import { Injectable } from '@nestjs/common';
import { Problem, type Principal } from '@closeloop/platform';
import { LedgerReader, type FeedbackView, type LedgerView } from '../domain/ledger-view.js';
import { IngestionConfig } from '../ingestion.config.js';

/** What became of feedback, for those who may know. */
@Injectable()
export class ReadLedgerHandler {
  constructor(
    private readonly reader: LedgerReader,
    private readonly config: IngestionConfig,
  ) {}

  /**
   * A connector reads its own source's, an agent what is with one of the agent's teams, managers and admins all.
   * What the caller may not read is `not-found`, so that ids tell nothing.
   */
  async feedback(feedbackId: string, principal: Principal): Promise<FeedbackView> {
    const view = await this.reader.feedback(feedbackId);
    if (!view || !mayRead(view, principal)) throw new Problem('not-found', 'There is no such feedback.');
    return view;
  }

  /** A connector gets its own source's, whatever it asks for but another's, which is `forbidden`. */
  async ledger(asked: { source?: string; missingIds: number }, principal: Principal): Promise<LedgerView> {
    if (principal.kind === 'connector' && asked.source !== undefined && asked.source !== principal.source)
      throw new Problem('forbidden', 'This key reads the ledger of its own source only.');
    const source = principal.kind === 'connector' ? principal.source : asked.source;
    return this.reader.ledger({
      missingIds: asked.missingIds,
      missingAfterSeconds: this.config.missingAfterSeconds,
      ...(source !== undefined && { source }),
    });
  }
}

const mayRead = ({ source, loop, outcome }: FeedbackView, principal: Principal): boolean => {
  if (principal.kind === 'connector') return principal.source === source;
  if (principal.roles.includes('manager') || principal.roles.includes('admin')) return true;
  const team = loop?.team ?? outcome?.team;
  return team !== undefined && principal.teams.includes(team);
};
