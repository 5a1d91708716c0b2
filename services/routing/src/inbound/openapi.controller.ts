import { Public, type OpenApiDocument } from '@closeloop/platform';
import { Controller, Get, Inject } from '@nestjs/common';

/** The program's own document */
export const OPENAPI_DOCUMENT = Symbol('OPENAPI_DOCUMENT');

/** The interface as a document. */
@Controller('openapi.json')
export class OpenApiController {
  constructor(@Inject(OPENAPI_DOCUMENT) private readonly document: OpenApiDocument) {}

  @Get()
  @Public()
  openApi(): OpenApiDocument {
    return this.document;
  }
}
