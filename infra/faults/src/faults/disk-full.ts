import { isAlive } from '@closeloop/embedded';
import { type ServerName } from '../rig/rig.js';
import { limits, type Fault } from './fault.js';

export const diskFull: Fault = {
  name: 'disk-full',
  what: `Kafka's disk is full, then Postgres's; room is given back and the server started again`,
  mayEnd: true,
  mayRefuse: true,
  unavailable: ({ disks }) =>
    disks.kafka && disks.postgres ? undefined : 'a disk that can be full takes root on Linux, and the right to mount',
  async inject(context) {
    const { rig, load, quick } = context;
    for (const server of ['kafka', 'postgres'] as const satisfies ServerName[]) {
      const disk = rig.disks[server]!;
      try {
        await disk.fill();
        context.injected();
        load.pace(quick ? 60 : 100);
        await context.pause(quick ? 5 : 30);
      } finally {
        load.pace(load.usualPace);
        await disk.giveRoom();
      }
      if (await isAlive(rig.pidOf(server))) {
        // Kafka puts a directory on which it could not write aside until its next start; Postgres goes on as it is.
        rig.signalServer(server, server === 'kafka' ? 'SIGKILL' : 'SIGINT');
      } else context.count(`${server} ended by itself`);
      await rig.startServer(server);
      await context.recovers(limits.server, `${server}'s start with room again`);
    }
  },
};
