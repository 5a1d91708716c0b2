import { configProvider } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { OneTimeCodes } from './application/one-time-codes.js';
import { Sessions } from './application/sessions.js';
import { ConsoleConfig } from './console.config.js';
import { Issuer } from './domain/issuer.js';
import { Seal } from './domain/seal.js';
import { ServiceGateway } from './domain/service-gateway.js';
import { WebPage } from './domain/web-page.js';
import { PageController } from './inbound/page.controller.js';
import { PageDocument } from './inbound/page-document.js';
import { ProxyController } from './inbound/proxy.controller.js';
import { SecurityHeaders } from './inbound/security-headers.js';
import { SessionCookie } from './inbound/session-cookie.js';
import { SessionController } from './inbound/session.controller.js';
import { SignInController } from './inbound/sign-in.controller.js';
import { OidcClient } from './infrastructure/oidc.client.js';
import { ServicesClient } from './infrastructure/services.client.js';
import { SessionSeal } from './infrastructure/session-seal.js';
import { WebFiles } from './infrastructure/web-files.js';

@Module({
  // the page takes every path that no other has
  controllers: [SessionController, SignInController, ProxyController, PageController],
  providers: [
    configProvider(ConsoleConfig),
    SecurityHeaders,
    OneTimeCodes,
    Sessions,
    SessionCookie,
    PageDocument,
    { provide: Issuer, useClass: OidcClient },
    { provide: Seal, useClass: SessionSeal },
    { provide: ServiceGateway, useClass: ServicesClient },
    { provide: WebPage, useClass: WebFiles },
  ],
})
export class ConsoleModule {}
