import { connect, createServer, type Server, type Socket } from 'node:net';

/** The way to Postgres, which can be cut. */
export class Cable {
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(databaseUrl: string): Promise<Cable> {
    const target = new URL(databaseUrl);
    const server = createServer((near) => {
      const far = connect(Number(target.port || 5432), target.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        cable.sockets.add(from);
        from.on('error', () => undefined);
        from.on('close', () => {
          to.destroy();
          cable.sockets.delete(from);
        });
        from.pipe(to);
      }
      if (cable.isCut) near.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(databaseUrl);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as { port: number }).port);
    const cable = new Cable(server, url.href);
    return cable;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}
