import { Public } from '@closeloop/platform';
import { Controller, Get, Inject } from '@nestjs/common';
import { learningDocument } from './learning.openapi.js';

/** The service's own version */
export const RELEASE = Symbol('RELEASE');

/** The interface as a document. */
@Controller('openapi.json')
export class LearningOpenApiController {
  private readonly document: ReturnType<typeof learningDocument>;

  constructor(@Inject(RELEASE) release: string) {
    this.document = learningDocument(release);
  }

  @Get()
  @Public()
  openApi() {
    return this.document;
  }
}
