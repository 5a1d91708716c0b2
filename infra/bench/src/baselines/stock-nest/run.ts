import { type INestApplicationContext, ValidationPipe } from '@nestjs/common';

export const validation = (): ValidationPipe => new ValidationPipe({ transform: true, whitelist: true });

/** Tells the bench that it may begin, and ends as it is told to. */
export function ready(app: INestApplicationContext): void {
  process.once('SIGTERM', () => {
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  process.stdout.write('ready\n');
}
