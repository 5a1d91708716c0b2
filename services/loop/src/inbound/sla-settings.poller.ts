import { BackgroundTimer } from '@closeloop/platform';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SlaBook } from '../domain/sla/sla-book.js';

/** How long replicas may promise by two versions. */
const everyMs = 2_000;

/** Looks for newer promises again and again; a start without any fails. */
@Injectable()
export class SlaSettingsPoller extends BackgroundTimer implements OnModuleInit {
  constructor(
    private readonly book: SlaBook,
    host: HttpAdapterHost,
  ) {
    super('SlaSettings', host);
  }

  async onModuleInit(): Promise<void> {
    await this.book.refresh();
  }

  protected override async look(): Promise<number> {
    await this.book.refresh();
    return everyMs;
  }
}
