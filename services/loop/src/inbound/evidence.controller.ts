import { CurrentPrincipal, ForConnectors, invalid, Problem, type Principal } from '@closeloop/platform';
import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { RecordEvidence } from '../application/record-evidence.handler.js';
import { EvidenceRequest } from './evidence.request.js';
import { bodyOf } from './request.js';

const evidenceRequest = bodyOf(EvidenceRequest);
const maxKeyLength = 255;

/** What customers say of what was done, as connectors hear it. */
@Controller('v1/evidence')
export class EvidenceController {
  constructor(private readonly handler: RecordEvidence) {}

  /** The same request with the same Idempotency-Key gets the same answer, 200 or 422, and moves nothing twice. */
  @Post()
  @HttpCode(200)
  @ForConnectors()
  async record(
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
  ) {
    if (principal.kind !== 'connector') throw new Problem('forbidden', 'This is for connectors, with an API key.');
    const { feedbackId, kind, evidence } = evidenceRequest(body);
    if (key === undefined || key.length === 0 || key.length > maxKeyLength) {
      throw invalid('', 'idempotency-key', `Idempotency-Key must be there, with 1 to ${maxKeyLength} characters.`);
    }
    const { type, text, at } = evidence;
    if (kind === 'answer' && type !== 'reply') {
      throw invalid('/evidence/type', 'type', 'An answer is a reply; a survey or a rating is a verdict.');
    }
    const result = await this.handler.handle(principal.source, key, {
      ...{ feedbackId: feedbackId.toLowerCase(), kind },
      evidence: { type, ...(text ? { text } : {}), ...(at ? { at } : {}) },
    });
    switch (result.kind) {
      case 'unknown':
      case 'other-source':
        throw new Problem('not-found', 'There is no such feedback, or it has not come as far as here yet.');
      case 'key-reused':
        throw invalid('', 'idempotency-key', 'This Idempotency-Key was used for another request.');
      case 'answered': {
        if (result.status === 200) return result.answer;
        const { message, ...members } = result.answer;
        throw new Problem('transition-refused', message, members);
      }
    }
  }
}
