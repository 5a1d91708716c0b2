import { describe, expect, it } from '@jest/globals';
import { readLogLine } from './log-tail.js';

describe("a service's log line", () => {
  it('gives its level, and its message behind the part that says it', () => {
    const line = JSON.stringify({ level: 'warn', message: 'the broker is away', context: 'Kafka', pid: 1 });
    expect(readLogLine(line)).toEqual({ level: 'warn', text: 'Kafka: the broker is away' });
  });

  it('keeps the stack of an error', () => {
    const line = JSON.stringify({ level: 'error', message: 'no', stack: 'Error: no\n    at x' });
    expect(readLogLine(line).text).toBe('no\nError: no\n    at x');
  });

  it.each(['TypeError: x is not a function', '{"half": tru'])('that is not one of ours is worth saying: %s', (line) => {
    expect(readLogLine(line)).toEqual({ level: 'warn', text: line });
  });

  it('that is empty is not', () => {
    expect(readLogLine('').level).toBe('log');
  });
});
