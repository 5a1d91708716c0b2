import { describe, expect, it } from '@jest/globals';

import { currentTraceparent, traceOf, withTrace } from './trace.js';

describe('a trace', () => {
  const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it('goes on with the one that came in, as a new span', () => {
    const { traceId, traceparent } = traceOf(given);
    expect(traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(traceparent).not.toBe(given);
  });

  it.each([
    undefined,
    '',
    'x',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
    `${given}-more`,
    `${given}\r\nx: y`,
  ])('begins anew for %j', (header) => {
    const { traceId, traceparent } = traceOf(header);
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(traceId).not.toBe('0af7651916cd43dd8448eb211c80319c');
  });

  it('understands later versions of the header', () => {
    expect(traceOf(given.replace('00-', '01-') + '-more').traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  it('is there in what is awaited, and only there', async () => {
    const trace = traceOf(given);
    const seen = await withTrace(trace, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return currentTraceparent();
    });
    expect(seen).toBe(trace.traceparent);
    expect(currentTraceparent()).toBeUndefined();
  });
});
