import { Global, Module } from '@nestjs/common';

import { configProvider } from '../configuration.js';
import { AuditConfig } from './audit.config.js';
import { AuditController } from './audit.controller.js';
import { AuditLog } from './audit.log.js';
import { AuditSealer } from './audit.sealer.js';

/** The audit log of a service: {@link AuditLog} to write to, `GET /v1/audit`, and the sealer. Needs DatabaseModule with `auditTables`. */
@Global()
@Module({
  controllers: [AuditController],
  providers: [
    configProvider(AuditConfig),
    { provide: AuditLog, inject: [AuditConfig], useFactory: (config: AuditConfig) => new AuditLog(config) },
    AuditSealer,
  ],
  exports: [AuditLog],
})
export class AuditModule {}
