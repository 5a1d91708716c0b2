export const backends = ['ingestion', 'sentiment', 'learning', 'routing', 'rehearsal', 'loop', 'insights'] as const;
/** A service behind the console. */
export type Backend = (typeof backends)[number];

/** What the page asks of the services, and nothing else; `*` is one segment. */
const routes: Readonly<Record<Backend, readonly string[]>> = {
  ingestion: [
    ...['GET /v1/feedback/*', 'GET /v1/feedback/*/trace', 'GET /v1/ledger', 'GET /v1/reconciliation'],
    ...['GET /v1/api-keys', 'POST /v1/api-keys', 'DELETE /v1/api-keys/*'],
    ...['GET /v1/dead-letters', 'GET /v1/dead-letters/*', 'POST /v1/dead-letters/replay'],
    ...['POST /v1/dead-letters/discard', 'GET /v1/reply-senders', 'GET /v1/audit', 'GET /v1/station'],
  ],
  sentiment: ['GET /v1/station'],
  learning: [
    ...[
      'GET /v1/feedback/*/tags',
      'POST /v1/feedback/*/tags',
      'GET /v1/accuracy',
      'GET /v1/models',
      'POST /v1/models/learn',
    ],
    ...['POST /v1/models/active', 'POST /v1/models/rollback', 'GET /v1/retags', 'POST /v1/retags'],
    ...['GET /v1/retags/*', 'POST /v1/retags/*/stop', 'GET /v1/audit', 'GET /v1/station'],
  ],
  routing: [
    ...['GET /v1/rule-sets', 'POST /v1/rule-sets', 'GET /v1/rule-sets/*', 'PUT /v1/rule-sets/*'],
    ...['DELETE /v1/rule-sets/*', 'POST /v1/rule-sets/*/activate', 'GET /v1/teams', 'POST /v1/teams'],
    ...['DELETE /v1/teams/*', 'GET /v1/conditions', 'POST /v1/conditions/check', 'GET /v1/audit', 'GET /v1/station'],
  ],
  rehearsal: [
    ...['POST /v1/rule-sets/*/explain', 'POST /v1/rule-sets/*/dry-run', 'GET /v1/reroutes', 'POST /v1/reroutes'],
    ...['GET /v1/reroutes/*', 'POST /v1/reroutes/*/stop', 'GET /v1/fallbacks', 'GET /v1/station'],
  ],
  loop: [
    ...['GET /v1/loops', 'GET /v1/loops/counts', 'GET /v1/loops/*', 'GET /v1/loops/*/suggestions'],
    ...['POST /v1/loops/*/*', 'PUT /v1/loops/*/draft', 'POST /v1/loops/*/draft/lock', 'DELETE /v1/loops/*/draft'],
    ...['GET /v1/teams/*/templates', 'GET /v1/teams/*/templates/*', 'POST /v1/teams/*/templates/*/render'],
    ...['POST /v1/teams/*/templates', 'PUT /v1/teams/*/templates/*', 'DELETE /v1/teams/*/templates/*'],
    ...['GET /v1/follow-ups', 'GET /v1/deliveries', 'GET /v1/deliveries/*', 'POST /v1/deliveries/*/replay'],
    ...['GET /v1/sla-settings', 'GET /v1/sla-settings/*', 'GET /v1/audit', 'GET /v1/station'],
  ],
  insights: [
    ...['GET /v1/metrics', 'GET /v1/metrics/*', 'GET /v1/metrics/*/feedback', 'GET /v1/drivers', 'GET /v1/emerging'],
    ...['POST /v1/emerging/*/*', 'GET /v1/insights', 'POST /v1/insights', 'GET /v1/insights/*'],
    ...['POST /v1/insights/*/*', 'GET /v1/improvements', 'POST /v1/improvements', 'GET /v1/improvements/*'],
    ...['GET /v1/improvements/*/loops', 'GET /v1/ownership', 'PUT /v1/ownership'],
    ...['PATCH /v1/improvements/*', 'POST /v1/improvements/*/*', 'GET /v1/customers/*', 'GET /v1/changes'],
    ...['GET /v1/rebuilds', 'GET /v1/audit', 'GET /v1/station'],
  ],
};

const patterns = new Map<Backend, readonly { readonly method: string; readonly segments: readonly string[] }[]>(
  backends.map((backend) => [
    backend,
    routes[backend].map((route) => {
      const [method, path] = route.split(' ') as [string, string];
      return { method, segments: path.split('/') };
    }),
  ]),
);

export const isBackend = (name: string): name is Backend => (backends as readonly string[]).includes(name);

/** Methods that the path of a service may be asked with through the console; none for a path that is not for it. HEAD goes with GET. */
export function allowedMethods(backend: Backend, path: string): readonly string[] {
  const given = path.split('/');
  const methods = patterns
    .get(backend)!
    .filter(
      ({ segments }) =>
        segments.length === given.length &&
        segments.every((segment, at) => (segment === '*' ? given[at] !== '' : segment === given[at])),
    )
    .map(({ method }) => method);
  return [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)];
}

/**
 * The address of a service's route, out of what follows `/api/<service>` in the request's URL; undefined where it is no path, or one
 * that leads elsewhere once it is resolved.
 */
export function addressOf(base: string, rest: string): URL | undefined {
  if (!rest.startsWith('/') || rest.startsWith('//') || rest.includes('\\')) return undefined;
  const root = base.replace(/\/+$/, '');
  let address: URL;
  try {
    address = new URL(root + rest);
  } catch {
    return undefined;
  }
  const [asked] = rest.split(/[?#]/, 1);
  // `.`, `..` and their escapes are resolved by URL, and other programs decode slashes: what is not as it was asked for goes nowhere
  const unsafe = isOfCustomer(asked!) ? /%(5c|00)/i : /%(2f|5c|00)/i;
  if (address.href.length > maxUrl || unsafe.test(asked!)) return undefined;
  return address.pathname === new URL(root).pathname.replace(/\/$/, '') + asked ? address : undefined;
}

/** A customer's key is whatever a source calls its customer, the address of a profile, say. Whoever decodes its slashes still finds a path of customers. */
function isOfCustomer(path: string): boolean {
  const [, key] = /^\/v1\/customers\/([^/]+)$/.exec(path) ?? [];
  return key !== undefined && !key.split(/%2f/i).some((part) => /^(\.|%2e|%252e)+$/i.test(part));
}

const maxUrl = 8_000;
