import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';

import { AccessGuard } from './access.guard.js';
import { BodyInterceptor } from './body.interceptor.js';
import { configProvider } from './configuration.js';
import { ENVIRONMENT, type Env, SERVICE_NAME } from './environment.js';
import { HttpConfig } from './http.config.js';
import { IdentityConfig } from './identity.config.js';
import { Metrics } from './metrics.js';
import { OperationsController } from './operations.controller.js';
import { ProblemFilter } from './problem.filter.js';
import { Readiness } from './readiness.js';
import { RouteTable } from './route-table.js';
import { TokenVerifier } from './token-verifier.js';
import { Tracer } from './tracer.js';

/** What every service has, made once at its root. */
@Module({})
export class PlatformModule {
  static forService(service: string, env: Env): DynamicModule {
    return {
      module: PlatformModule,
      global: true,
      controllers: [OperationsController],
      providers: [
        { provide: ENVIRONMENT, useValue: env },
        { provide: SERVICE_NAME, useValue: service },
        { provide: Metrics, useFactory: () => new Metrics(service) },
        { provide: Tracer, inject: [Metrics], useFactory: (metrics: Metrics) => new Tracer(service, env, metrics) },
        configProvider(HttpConfig),
        configProvider(IdentityConfig),
        Readiness,
        RouteTable,
        TokenVerifier,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_INTERCEPTOR, useClass: BodyInterceptor },
      ],
      exports: [ENVIRONMENT, SERVICE_NAME, Metrics, Tracer, HttpConfig, Readiness, TokenVerifier],
    };
  }
}
