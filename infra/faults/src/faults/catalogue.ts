import { kafkaAway, loopAway } from './backpressure.js';
import { brokerFreeze, brokerKill } from './broker.js';
import { clock } from './clock.js';
import { cut } from './cut.js';
import { diskFull } from './disk-full.js';
import { type Fault } from './fault.js';
import { fuzzing } from './fuzzing.js';
import { kill } from './kill.js';
import { poison } from './poison.js';
import { postgresLock, postgresStop, postgresTerminate } from './postgres.js';
import { rebalance } from './rebalance.js';
import { restart } from './restart.js';
import { slow } from './slow.js';
import { zombie } from './zombie.js';

/** Every fault there is. */
export const catalogue: readonly Fault[] = [
  kill,
  restart,
  brokerKill,
  brokerFreeze,
  postgresStop,
  postgresTerminate,
  postgresLock,
  zombie,
  cut,
  poison,
  rebalance,
  diskFull,
  clock,
  slow,
  fuzzing,
  loopAway,
  kafkaAway,
];
