import { open } from 'node:fs/promises';

/** Follows a file that a process appends to, and hands over each whole line. The process writes to the file itself, not
 * through us, so that it goes on when we are killed. */
export function followLines(file: string, onLine: (line: string) => void, everyMs = 250): { stop(): Promise<void> } {
  let position = 0;
  let rest = '';
  let reading: Promise<void> | undefined;

  const read = async () => {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      if (size <= position) return;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - position), 0, size - position, position);
      position += bytesRead;
      // Cut at the last line's end as bytes: a character may be half written.
      const text = rest + buffer.subarray(0, bytesRead).toString('utf8');
      const lines = text.split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(onLine);
    } finally {
      await handle.close();
    }
  };
  const once = () =>
    (reading ??= read()
      .catch(() => undefined)
      .finally(() => (reading = undefined)));
  const timer = setInterval(() => void once(), everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await once();
    },
  };
}

/** The level and text of a service's log line: one JSON object, or anything a crash wrote. */
export function readLogLine(line: string): { level: string; text: string } {
  if (line.startsWith('{')) {
    try {
      const entry = JSON.parse(line) as { level?: string; context?: string; message?: unknown; stack?: unknown };
      const message = typeof entry.message === 'string' ? entry.message : JSON.stringify(entry.message);
      const stack = typeof entry.stack === 'string' ? `\n${entry.stack}` : '';
      return { level: entry.level ?? 'log', text: (entry.context ? `${entry.context}: ${message}` : message) + stack };
    } catch {
      // Not one of ours; shown as it is.
    }
  }
  return { level: line.trim() === '' ? 'log' : 'warn', text: line };
}
