export {
  type ApiKeyVerifier,
  API_KEY_VERIFIER,
  CurrentPrincipal,
  ForConnectors,
  ForPeople,
  type Principal,
  principalOf,
  Public,
  type Role,
} from './access.js';
export { BackgroundTimer } from './background.timer.js';
export { AcceptsBytes, AcceptsJson, AcceptsStream } from './body.js';
export { SenderGone } from './body.interceptor.js';
export { configProvider, FromEnv, loadConfig } from './configuration.js';
export { isConnectionFailure, isStoreUnavailable, sqlStateOf } from './connection-failure.js';
export { createService, type RunningService, type ServiceOptions, startService } from './start-service.js';
export { databaseUrlOf } from './database-url.js';
export { connectionOf, type DatabaseDefinition, migrateDatabase, openDatabase, untilReachable } from './database.js';
export { DatabaseModule } from './database.module.js';
export { ENVIRONMENT, type Env, SERVICE_NAME, SERVICE_TRANSPORT } from './environment.js';
export { createLogger } from './logging.js';
export { Metrics } from './metrics.js';
export { invalid, Problem, type ProblemCode, type ProblemDocument, type ProblemError } from './problem.js';
export { describeError, problemOf } from './problem-mapping.js';
export { parseJson } from './json.js';
export { Readiness } from './readiness.js';
export { currentTraceparent, type Trace, traceOf, withTrace } from './trace.js';
export { attributesOf, type EncodedAttributes, plainAttribute, type Span, type SpanTeller, Tracer } from './tracer.js';
export { jsonContent, type OpenApiDocument, type OpenApiOperation, schemaRef } from './openapi.js';
