import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Problem, Public } from '@closeloop/platform';
import { Controller, Get, Header, Param, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { openApiDocument } from './openapi.js';

const require = createRequire(import.meta.url);
const { version } = require('../../package.json') as { version: string };

/** Only what the page itself serves may run or be loaded in it, and it may ask nobody but this service. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'", // Swagger UI sets style attributes
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Closeloop ingestion</title>
    <link rel="stylesheet" href="docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png">
  </head>
  <body>
    <div id="page"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

const start = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#page', validatorUrl: null, deepLinking: true, tryItOutEnabled: true });
`;

const mediaTypes: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** The interface as a document, and a page to try it that needs nothing from elsewhere. */
@Controller()
@Public()
export class OpenApiController {
  private readonly document = openApiDocument(version);

  @Get('openapi.json')
  openApi() {
    return this.document;
  }

  @Get('docs')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', contentSecurityPolicy)
  @Header('x-content-type-options', 'nosniff')
  @Header('referrer-policy', 'no-referrer')
  docs(): string {
    return page;
  }

  @Get('docs/:file')
  @Header('x-content-type-options', 'nosniff')
  @Header('cache-control', 'public, max-age=3600')
  async file(@Param('file') file: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<string | Buffer> {
    if (file === 'start.js') {
      reply.type('text/javascript; charset=utf-8');
      return start;
    }
    const mediaType = Object.hasOwn(mediaTypes, file) ? mediaTypes[file] : undefined;
    if (mediaType === undefined) throw new Problem('not-found', 'There is no such file.');
    reply.type(mediaType);
    return readFile(join(dirname(require.resolve('swagger-ui-dist/package.json')), file));
  }
}
