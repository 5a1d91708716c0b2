import {
  Controller,
  Get,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  Param,
  Query,
} from '@nestjs/common';
import { type CustomTransportStrategy, EventPattern, Payload, Server } from '@nestjs/microservices';
import { IsInt, IsString } from 'class-validator';

// Not from index.js: what the database needs would double the time that a process takes to load.
import { Public } from './access.js';
import { configProvider, FromEnv } from './configuration.js';
import { SERVICE_TRANSPORT } from './environment.js';
import { startService } from './start-service.js';

/** What happened, in order, one line each; the spec reads them from stdout. */
function note(line: string): void {
  process.stdout.write(`NOTE ${line}\n`);
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

class Transport extends Server implements CustomTransportStrategy {
  listen(callback: (error?: unknown) => void): void {
    note('transport listens');
    void Promise.resolve(this.getHandlerByPattern('greeted')?.('world')).then(() => callback());
  }

  async close(): Promise<void> {
    note('transport closes');
    if (process.env.TRANSPORT_HANGS) await wait(60_000);
  }

  override on(): void {}

  override unwrap<T>(): T {
    throw new Error('There is nothing inside.');
  }
}

class FixtureConfig {
  @FromEnv('FIXTURE_NAME')
  @IsString()
  name: string = 'fixture';

  @FromEnv('FIXTURE_SIZE')
  @IsInt()
  size: number = 1;
}

@Public()
@Controller()
class FixtureController {
  @Get('slow/:ms')
  async slow(@Param('ms') ms: string) {
    note('request begins');
    await wait(Number(ms));
    note('request ends');
    return { ms };
  }

  @Get('crash')
  crash(@Query('how') how: string) {
    setImmediate(() => {
      if (how === 'promise') void Promise.reject(new Error('nobody awaited'));
      else throw new Error('nobody caught');
    });
    return {};
  }

  @EventPattern('greeted')
  greeted(@Payload() whom: string) {
    note(`event for ${whom}`);
  }
}

@Injectable()
class Background implements OnModuleDestroy, OnApplicationShutdown {
  onModuleDestroy() {
    note('modules are destroyed');
  }
  onApplicationShutdown() {
    note('pools are closed');
  }
}

@Module({
  controllers: [FixtureController],
  providers: [
    Background,
    configProvider(FixtureConfig),
    { provide: SERVICE_TRANSPORT, useFactory: () => new Transport() },
    { provide: 'SLOW_START', useFactory: () => (process.env.START_HANGS ? wait(60_000) : undefined) },
  ],
})
class FixtureModule {}

note('process runs');
await startService('fixture', FixtureModule);
