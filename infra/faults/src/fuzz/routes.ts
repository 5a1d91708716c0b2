import { type Random } from '../random.js';
import { type Schema, type Values } from './values.js';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: Schema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
}

interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** A method at a path of one service, as its OpenAPI document tells it. */
export interface Route {
  readonly url: URL;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly bodies: readonly { readonly mediaType: string; readonly schema: Schema | undefined }[];
  readonly definitions: (ref: string) => Schema | undefined;
}

const operations = ['/health/live', '/health/ready', '/metrics', '/openapi.json', '/docs', '/v1/station', '/nothing'];
const methods = new Set(['get', 'put', 'post', 'delete', 'patch', 'head', 'options']);

const json = (properties: Record<string, object>) => ({
  requestBody: {
    content: { 'application/json': { schema: { type: 'object', required: Object.keys(properties), properties } } },
  },
});

/** In place of what a document tells, so that the platform goes on as before. */
const harmless: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  // Never the version that is active: other rules would come to be.
  '/v1/rule-sets/{id}/activate': {
    post: {
      parameters: [{ name: 'id', in: 'path', schema: { type: 'string', enum: ['active', 'draft-1', 'draft-2', '1'] } }],
      ...json({ reason: { type: 'string' }, basedOn: { type: 'integer', minimum: 900_000, maximum: 999_999 } }),
    },
  },
  // Seldom a name that a team can have: each has a topic.
  '/v1/teams': { get: {}, post: json({ name: { type: 'string' }, displayName: { type: 'string' } }) },
};

/** What is asked of a service: by its document where it has one. @throws when it cannot be reached */
export async function routesOf(url: string): Promise<Route[]> {
  const response = await fetch(`${url}/openapi.json`, { signal: AbortSignal.timeout(10_000) });
  const document = response.ok ? ((await response.json()) as Document) : {};
  if (!response.ok) await response.body?.cancel();
  const schemas = document.components?.schemas ?? {};
  const definitions = (ref: string): Schema | undefined => schemas[ref.split('/').at(-1) ?? ''];
  const paths = {
    ...Object.fromEntries(operations.map((path) => [path, { get: {} }])),
    ...document.paths,
    ...Object.fromEntries(Object.entries(harmless).filter(([path]) => path in (document.paths ?? {}))),
  };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.has(method))
      .map(([method, { parameters = [], requestBody }]: [string, Operation]) => ({
        url: new URL(url),
        method: method.toUpperCase(),
        path,
        parameters,
        bodies: Object.entries(requestBody?.content ?? {}).map(([mediaType, { schema }]) => ({ mediaType, schema })),
        definitions,
      })),
  );
}

/** What goes out: the bytes, in one or several pieces, and what may be expected of the other side. */
export interface Shot {
  readonly told: string;
  readonly method: string;
  readonly parts: readonly Buffer[];
  /** Well-formed HTTP, which must be answered; of all else the other side may close without a word */
  readonly wellFormed: boolean;
}

const crlf = '\r\n';

/** A character as it may stand in a path or a query. */
const inUrl = (text: string): string =>
  text.replaceAll(/[^\w.~%-]/gu, (char) => {
    try {
      return encodeURIComponent(char);
    } catch {
      // A lone surrogate, as CESU-8 would have it.
      return '%ED%A0%80';
    }
  });

/** A header's value: what Node lets through as it is. */
const inHeader = (text: string): string => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 4_000);

/** Makes requests of a route, mostly nearly right. */
export class Shots {
  constructor(
    private readonly random: Random,
    private readonly values: Values,
  ) {}

  of(route: Route, credentials: readonly string[]): Shot {
    const { random, values } = this;
    const method = random.chance(0.03)
      ? random.pick(['PUT', 'PATCH', 'DELETE', 'POST', 'GET', 'HEAD', 'OPTIONS', 'TRACE'])
      : route.method;
    const path = this.#path(route);
    const headers: [string, string][] = [['host', route.url.host]];
    if (!random.chance(0.05)) headers.push(['authorization', `Bearer ${random.pick(credentials)}`]);
    else headers.push(['authorization', inHeader(values.text(values.junk()))]);
    for (const parameter of route.parameters) {
      if (parameter.in !== 'header' || random.chance(0.4)) continue;
      headers.push([parameter.name, inHeader(String(this.#parameter(route, parameter)))]);
    }
    if (random.chance(0.3)) headers.push(['if-match', random.pick(['"1"', '*', '1', 'W/"1"', '"999999999999"', '""'])]);
    if (random.chance(0.1)) headers.push(['traceparent', inHeader(values.text(values.junk()))]);
    if (random.chance(0.05))
      headers.push(['content-encoding', random.pick(['gzip', 'br', 'deflate', 'zstd', 'gzip, gzip'])]);
    if (random.chance(0.05))
      headers.push([
        random.pick(['x'.repeat(200), 'expect', 'accept', 'range', 'cookie', 'origin']),
        inHeader(values.text(values.junk())),
      ]);
    if (random.chance(0.03)) headers.push(random.pick(headers));

    const body = this.#body(route, method, headers);
    const shot = (parts: Buffer[], wellFormed: boolean): Shot => ({
      told: `${method} ${route.url.origin}${path.slice(0, 200)} ${body ? `${body.length} bytes: ${JSON.stringify(body.toString('utf8', 0, 200))}` : ''}`,
      method,
      parts,
      wellFormed,
    });
    const start = `${method} ${path} HTTP/1.1${crlf}`;
    const head = (extra = ''): Buffer =>
      Buffer.from(
        `${start}${headers.map(([name, value]) => `${name}: ${value}${crlf}`).join('')}${extra}${crlf}`,
        'latin1',
      );
    // `Expect` other than 100-continue, and two of what must be one, are for the other side to refuse.
    if (body === undefined) return shot([head()], true);
    const length = `content-length: ${body.length}${crlf}`;
    switch (random.chance(0.12) ? random.int(0, 7) : -1) {
      case 0:
        return shot([head(`content-length: ${body.length + random.int(1, 1000)}${crlf}`), body], false);
      case 1:
        return shot([head(`content-length: ${Math.max(0, body.length - random.int(1, 10))}${crlf}`), body], false);
      case 2:
        return shot(
          [head(`content-length: ${random.pick(['-1', 'x', '1e3', '99999999999999999999', ''])}${crlf}`), body],
          false,
        );
      case 3:
        return shot([head(`${length}transfer-encoding: chunked${crlf}`), body], false);
      case 4:
        return shot(
          [
            head(`transfer-encoding: chunked${crlf}`),
            Buffer.from(`${random.pick(['zz', '-1', 'ffffffffffffffff', ''])}${crlf}`),
            body,
          ],
          false,
        );
      case 5: {
        const size = random.int(1, Math.max(1, body.length));
        const chunks: Buffer[] = [];
        for (let at = 0; at < body.length; at += size) {
          const chunk = body.subarray(at, at + size);
          chunks.push(Buffer.from(`${chunk.length.toString(16)};x=y${crlf}`), chunk, Buffer.from(crlf));
          if (chunks.length > 60) break;
        }
        const whole = chunks.length <= 60;
        return shot(
          [
            head(`transfer-encoding: chunked${crlf}`),
            Buffer.concat([...chunks, Buffer.from(whole ? `0${crlf}x: y${crlf}${crlf}` : '')]),
          ],
          whole,
        );
      }
      case 6:
        return shot([this.values.bytes(Buffer.concat([head(length), body]))], false);
      case 7: {
        const middle = random.int(0, body.length);
        return shot([head(length), body.subarray(0, middle), body.subarray(middle)], true);
      }
      default:
        return shot([Buffer.concat([head(length), body])], true);
    }
  }

  #path({ path, parameters, ...route }: Route): string {
    const { random } = this;
    let filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const parameter = parameters.find((one) => one.in === 'path' && one.name === name);
      return inUrl(String(this.#parameter(route, parameter)).slice(0, 3_000));
    });
    const query = parameters
      .filter((parameter) => parameter.in === 'query' && random.chance(0.5))
      .map((parameter) => `${parameter.name}=${inUrl(String(this.#parameter(route, parameter)).slice(0, 3_000))}`);
    if (random.chance(0.05))
      query.push(
        random.pick(['__proto__[x]=1', 'a[b][c]=1', 'x', '=', '%', 'a=1&a=2', '%00=%00', 'limit=-1', 'cursor=e30']),
      );
    if (query.length > 0) filled += `?${query.join('&')}`;
    if (random.chance(0.03))
      filled += random.pick(['/', '//', '/..', '%2f', '%zz', '#x', ';a=b', '/%E0%80%80', 'a'.repeat(5_000)]);
    return filled;
  }

  #parameter({ definitions }: Pick<Route, 'definitions'>, parameter: Parameter | undefined): unknown {
    if (this.random.chance(0.25)) {
      const junk = this.values.junk();
      return typeof junk === 'object' ? JSON.stringify(junk) : junk;
    }
    return this.values.of(parameter?.schema ?? { type: 'string' }, definitions);
  }

  #body(route: Route, method: string, headers: [string, string][]): Buffer | undefined {
    const { random, values } = this;
    if (route.bodies.length === 0 && !random.chance(0.1)) return undefined;
    if (method === 'TRACE') return undefined;
    const { mediaType, schema } =
      route.bodies.length > 0 ? random.pick(route.bodies) : { mediaType: 'application/json', schema: undefined };
    const given = random.chance(0.06)
      ? random.pick([
          'text/plain',
          'application/xml',
          'a',
          '',
          'application/json; charset=latin1',
          'multipart/form-data; boundary=x',
          '*/*',
        ])
      : mediaType;
    if (given !== '') headers.push(['content-type', given]);
    let value = values.of(schema, route.definitions);
    for (let times = random.int(0, 3); times > 0; times--) value = values.mutated(value);
    const text = typeof value === 'string' && !mediaType.includes('json') ? this.#lines(mediaType) : values.text(value);
    const bytes = Buffer.from(text, 'utf8');
    return random.chance(0.08) ? values.bytes(bytes) : bytes;
  }

  /** A file of records */
  #lines(mediaType: string): string {
    const { random, values } = this;
    const cell = (): string => {
      const junk = values.junk();
      const text = typeof junk === 'string' ? junk : (JSON.stringify(junk) ?? '');
      return random.chance(0.7) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const rows = random.int(0, 20);
    if (mediaType.includes('csv')) {
      const columns = [
        'externalId',
        'channel',
        'text',
        'rating',
        'scale',
        'occurredAt',
        'author.name',
        'x',
        '__proto__',
      ].filter(() => random.chance(0.6));
      return [columns.join(','), ...Array.from({ length: rows }, () => columns.map(cell).join(','))].join(
        random.pick(['\n', '\r\n', '\r']),
      );
    }
    return Array.from({ length: rows }, () =>
      values.text(values.mutated({ channel: 'review', text: 'x', externalId: 'x' })),
    ).join('\n');
  }
}
