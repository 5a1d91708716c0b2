import { createRequire } from 'node:module';
import { Public } from '@closeloop/platform';
import { Controller, Get } from '@nestjs/common';
import { openApiDocument } from './openapi.js';

const require = createRequire(import.meta.url);
const { version } = require('../../package.json') as { version: string };

/** The interface as a document. */
@Controller('openapi.json')
export class OpenApiController {
  private readonly document = openApiDocument(version);

  @Get()
  @Public()
  openApi() {
    return this.document;
  }
}
