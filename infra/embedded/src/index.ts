export { kafkaImage, kafkaVersion, hasDockerEngine } from './kafka-distribution.js';
export { startKafka, type KafkaListener, type KafkaOptions } from './kafka.js';
export { type RunningKafka, type RunningServer, type ServerOptions } from './server.js';
export {
  signLocalToken,
  startLocalIssuer,
  type LocalClaims,
  type LocalIssuer,
  type LocalIssuerOptions,
} from './local-issuer.js';
export { assertFree, freePorts, holderOf, isListening, PortTaken } from './port.js';
export { startPostgres, type RunningPostgres } from './postgres.js';
export { postgresFolder } from './postgres-binaries.js';
export { removeServerData, stopLeftServers, type ServerFolders } from './left-servers.js';
export { commandOf } from './port.js';
export { findProcess, isAlive, lastLines, stopProcess } from './process.js';
export { kafkaContainerSettings } from './kafka-container.js';
export { javaModule, type JavaModule } from './java-module.js';
