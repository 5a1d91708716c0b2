import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { createLogger } from './logging.js';
import { traceOf, withTrace } from './trace.js';

describe('a line of the log', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const lineOf = (log: (logger: ReturnType<typeof createLogger>) => void): unknown => {
    const lines: string[] = [];
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    }
    log(createLogger('spec', { LOG_FORMAT: 'json' }));
    expect(lines).toHaveLength(1);
    return JSON.parse(lines[0]!);
  };

  it('is JSON with the trace and what it is about', () => {
    const trace = traceOf('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    const line = withTrace(trace, () =>
      lineOf((logger) => logger.warn('It failed.', { feedbackId: 'f-1', loopId: 'l-1' }, 'Somewhere')),
    );
    expect(line).toMatchObject({
      level: 'warn',
      message: 'It failed.',
      context: 'Somewhere',
      service: 'spec',
      traceId: trace.traceId,
      feedbackId: 'f-1',
      loopId: 'l-1',
    });
  });

  it('keeps the stack of an error beside what it is about', () => {
    expect(
      lineOf((logger) => logger.error('It failed.', { feedbackId: 'f-1' }, '    at here', 'Somewhere')),
    ).toMatchObject({
      level: 'error',
      feedbackId: 'f-1',
      stack: '    at here',
      context: 'Somewhere',
    });
  });

  it('of an event of Kafka has that event’s trace', () => {
    expect(lineOf((logger) => logger.log('Done.', { traceId: 'abc' }, 'Somewhere'))).toMatchObject({ traceId: 'abc' });
  });
});
