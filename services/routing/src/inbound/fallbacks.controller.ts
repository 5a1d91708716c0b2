import { ForPeople } from '@closeloop/platform';
import { Controller, Get } from '@nestjs/common';
import { minExamples } from '../domain/fallback.js';
import { FallbackStore } from '../domain/fallback.store.js';
import { RehearsalConfig } from '../rehearsal.config.js';

/** Where feedback that no rule matches belongs, by what people did to such loops. */
@Controller('v1/fallbacks')
@ForPeople()
export class FallbacksController {
  constructor(
    private readonly store: FallbackStore,
    private readonly config: RehearsalConfig,
  ) {}

  @Get()
  async list() {
    const { version, learnedAt, fallbacks } = await this.store.latest();
    return {
      ...{ version, ...(learnedAt && { learnedAt }), threshold: this.config.fallbackThreshold ?? null, minExamples },
      items: fallbacks,
    };
  }
}
