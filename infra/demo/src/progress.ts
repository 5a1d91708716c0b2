/** A bar that is drawn over itself on a terminal, and nothing where there is none. */
export function progressBar(
  stream: NodeJS.WriteStream,
  label: string,
): { at(done: number, of: number): void; end(): void } {
  if (!stream.isTTY) return { at: () => undefined, end: () => undefined };
  const width = 30;
  return {
    at: (done, of) => {
      const full = of === 0 ? width : Math.min(width, Math.round((done / of) * width));
      stream.write(`\r${label.padEnd(12)} ${'█'.repeat(full)}${'░'.repeat(width - full)} ${done} of ${of}\u001b[K`);
    },
    end: () => void stream.write('\r\u001b[K'),
  };
}
