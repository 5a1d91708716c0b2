import { type TestEnvironment } from './test-environment.js';

/**
 * Who knocks: nobody known; the connector of what is asked for, and one of another source; an agent of the team whose it is, and one of
 * another team; a manager; an admin.
 */
export const callers = ['nobody', 'connector', 'stranger', 'agent', 'outsider', 'manager', 'admin'] as const;
export type Caller = (typeof callers)[number];

export type Credentials = Readonly<Record<Caller, string | undefined>>;

/** Key or token of each: the connector's source is `shop`, the agent's team `support`, the outsider's `billing`. */
export async function credentialsIn({ token }: Pick<TestEnvironment, 'token'>): Promise<Credentials> {
  return {
    ...{ nobody: undefined, connector: 'clk_shop_secret', stranger: 'clk_other_secret' },
    agent: await token({ sub: 'ann', roles: ['agent'], teams: ['support'] }),
    outsider: await token({ sub: 'bill', roles: ['agent'], teams: ['billing'] }),
    manager: await token({ sub: 'mia', roles: ['manager'] }),
    admin: await token({ sub: 'root', roles: ['admin'] }),
  };
}

export interface AccessRequest {
  /** Values of the path's parameters */
  readonly params?: Readonly<Record<string, string>>;
  /** With its question mark */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, a text as it is */
  readonly body?: unknown;
}

/**
 * A line of the table: the route as the router has it (`GET /v1/loops/:loopId`; the same route may be there again with another request),
 * the status or its class for each of {@link callers} (`'401 403 403 2xx 404 2xx 2xx'`; one alone is for all), and what is asked.
 */
export type AccessRow = readonly [
  route: string,
  expected: string,
  request?: (caller: Caller) => AccessRequest | Promise<AccessRequest>,
];

/** What each caller is expected to be answered, in words. */
export const expectedBy = ([, expected]: AccessRow): Record<Caller, string> => {
  const statuses = expected.split(' ');
  if (statuses.length !== 1 && statuses.length !== callers.length) throw new Error(`${expected}: one for each caller`);
  return byCaller((_caller, at) => statuses[at] ?? statuses[0]!);
};

/**
 * What each caller is answered, in the words of what is expected. Where a GET says something else than the HEAD of the same route, both.
 * @param credentials key or token of each; undefined: none is sent
 */
export async function answersTo(
  url: string,
  row: AccessRow,
  credentials: Credentials,
): Promise<Record<Caller, string>> {
  const [route, , request] = row;
  const [method, path] = route.split(' ') as [string, string];
  const expected = expectedBy(row);
  const answers: Partial<Record<Caller, string>> = {};
  // one after the other: what one does may be what the next one finds
  for (const caller of callers) {
    const { params = {}, query = '', headers = {}, body } = (await request?.(caller)) ?? {};
    const target = url + path.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? 'none') + query;
    const ask = async (by: string): Promise<string> => {
      const response = await fetch(target, {
        method: by,
        headers: {
          ...(credentials[caller] !== undefined && { authorization: `Bearer ${credentials[caller]}` }),
          ...(body !== undefined && by !== 'HEAD' && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && by !== 'HEAD' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      await response.arrayBuffer();
      const status = String(response.status);
      return expected[caller] === `${status[0]}xx` ? expected[caller] : status;
    };
    const answer = await ask(method);
    const head = method === 'GET' ? await ask('HEAD') : answer;
    answers[caller] = head === answer ? answer : `${answer}, HEAD ${head}`;
  }
  return answers as Record<Caller, string>;
}

/** Routes that the table has no row of, and rows that no route stands behind; a HEAD goes with its GET. */
export function notCovered(
  routes: readonly { readonly method: string; readonly path: string }[],
  rows: readonly AccessRow[],
): { withoutRow: string[]; withoutRoute: string[] } {
  const there = new Set(
    routes.filter(({ method }) => method !== 'HEAD').map(({ method, path }) => `${method} ${path}`),
  );
  const listed = new Set(rows.map(([route]) => route));
  return {
    withoutRow: [...there].filter((route) => !listed.has(route)).sort(),
    withoutRoute: [...listed].filter((route) => !there.has(route)).sort(),
  };
}

const byCaller = (of: (caller: Caller, at: number) => string): Record<Caller, string> =>
  Object.fromEntries(callers.map((caller, at) => [caller, of(caller, at)])) as Record<Caller, string>;
