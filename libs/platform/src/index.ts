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
export { type AuditActor, auditActorOf, type AuditEntry, type AuditFacts, personal } from './audit/audit-entry.js';
export { type AuditHead } from './audit/audit-chain.js';
export { AuditLog } from './audit/audit.log.js';
export { AuditModule } from './audit/audit.module.js';
export { auditPaths } from './audit/audit.openapi.js';
export { auditTables } from './audit/migrations/audit-log-1764610000000.js';
export { type AuditVerdict, verifyAudit } from './audit/verify-audit.js';
export { BackgroundTimer } from './background.timer.js';
export { AcceptsBytes, AcceptsForm, AcceptsJson, AcceptsStream } from './body.js';
export { SenderGone } from './body.interceptor.js';
export { configProvider, FromEnv, loadConfig } from './configuration.js';
export { isConnectionFailure, isStoreUnavailable, sqlStateOf } from './connection-failure.js';
export { createService, type RunningService, type ServiceOptions, startService } from './start-service.js';
export { databaseUrlOf } from './database-url.js';
export { kept } from './database-client.js';
export { connectionOf, type DatabaseDefinition, migrateDatabase, openDatabase, untilReachable } from './database.js';
export { DatabaseModule } from './database.module.js';
export { ENVIRONMENT, type Env, SERVICE_NAME, SERVICE_TRANSPORT } from './environment.js';
export { defaultPortOf } from './http.config.js';
export { createLogger } from './logging.js';
export { Metrics } from './metrics.js';
export { pipelined } from './pipelined.js';
export { invalid, Problem, type ProblemCode, type ProblemDocument, type ProblemError } from './problem.js';
export { describeError, problemOf } from './problem-mapping.js';
export { parseJson } from './json.js';
export { ByteParts } from './byte-parts.js';
export { jsonArray, jsonBytes, jsonTexts, textArray } from './json-texts.js';
export { Readiness } from './readiness.js';
export { type NamedTeam, TeamDirectory, TeamDirectoryModule } from './team-directory.js';
export { currentTraceparent, type Trace, traceOf, withTrace } from './trace.js';
export { attributesOf, type EncodedAttributes, plainAttribute, type Span, type SpanTeller, Tracer } from './tracer.js';
export { isSealed, SecretBox } from './secret-box.js';
export * as openApi from './openapi.parts.js';
export { TokenVerifier } from './token-verifier.js';
export { jsonContent, type OpenApiDocument, type OpenApiOperation, schemaRef } from './openapi.js';
export {
  assertPublicAddress,
  ForbiddenAddress,
  isPublicAddress,
  pinnedLookup,
  pinnedLookupBy,
  type Resolve,
} from './url-guard.js';
export { writeText } from './write-text.js';
