import { Module } from '@nestjs/common';
import { FindDrivers } from './application/find-drivers.handler.js';
import { DriverStore } from './domain/drivers/driver-store.js';
import { DriversController } from './inbound/drivers.controller.js';
import { DriverRepository } from './infrastructure/driver.repository.js';

/** What moves the scores. */
@Module({
  controllers: [DriversController],
  providers: [{ provide: DriverStore, useClass: DriverRepository }, FindDrivers],
})
export class DriversModule {}
