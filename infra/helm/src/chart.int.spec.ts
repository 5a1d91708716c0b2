import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { mainOf, memoryOptions, nodeFlags, workspaceRoot } from '@closeloop/cli';
import { pipeline } from '@closeloop/contracts';
import { defaultPortOf } from '@closeloop/platform';
import { parse } from 'yaml';
import { chartFolder, lint, problemsOf, renderer, template, type Manifest } from './chart.fixture.js';

const facts = parse(readFileSync(join(chartFolder, 'services.yaml'), 'utf8')) as Record<string, Manifest>;
const programs = [...Object.keys(pipeline), 'console'] as (keyof typeof pipeline | 'console')[];

/** All that can be switched on. */
const everything = {
  kafka: {
    brokers: ['kafka-1:9093', 'kafka-2:9094'],
    topicPrefix: 'staging.',
    partitions: 12,
    tls: { enabled: true, caSecret: { name: 'kafka-ca' } },
    sasl: { mechanism: 'scram-sha-512', secret: { name: 'kafka-user' } },
  },
  postgres: {
    tls: { enabled: true, caSecret: { name: 'postgres-ca' } },
    passwordSecret: { name: 'postgres-owner', key: 'password' },
  },
  oidc: { issuer: 'https://id.example.com:8443/realms/shop', jwksUri: 'https://id.example.com:8443/keys', port: 8443 },
  console: { oidcClientId: 'console', confidentialClient: true },
  loop: { mail: { enabled: true, from: 'care@example.com' } },
  services: { sentiment: { maxReplicas: 12, env: { LOG_LEVEL: 'warn', SENTIMENT_MODEL_REFRESH_MS: 1000 } } },
  migrate: { asHook: false },
  ingress: {
    enabled: true,
    className: 'nginx',
    annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '16m' },
    hosts: { console: 'care.example.com', ingestion: 'feedback.example.com', loop: 'answers.example.com' },
    tls: { secretName: 'certificates' },
  },
  networkPolicy: {
    ingressFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }],
    metricsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    extraEgress: [{ ports: [{ port: 4318 }] }],
  },
  imagePullSecrets: [{ name: 'registry' }],
  tolerations: [{ key: 'batch', operator: 'Exists' }],
  nodeSelector: { pool: 'services' },
  podAnnotations: { 'prometheus.io/scrape': 'true' },
  serviceAccount: { annotations: { team: 'care' } },
};

// what the image has
const imageNode = /^FROM node:([\d.]+)/m.exec(
  readFileSync(join(workspaceRoot, 'infra/docker/Dockerfile'), 'utf8'),
)![1]!;

// the first time Maven fetches it
beforeAll(renderer, 600_000);

describe('what the chart says of the services is what the code says', () => {
  it('of all of them, and of docker compose', () => {
    const compose = parse(readFileSync(join(workspaceRoot, 'docker-compose.yml'), 'utf8'), { merge: true }) as Manifest;
    const composed = Object.entries<Manifest>(compose.services).filter(([, { command }]) =>
      command?.at(-1)?.endsWith('/main.js'),
    );
    expect(Object.keys(facts).sort()).toEqual([...programs].sort());
    expect(
      Object.fromEntries(composed.map(([name, { entrypoint, command }]) => [name, [...entrypoint, ...command]])),
    ).toEqual(
      Object.fromEntries(programs.map((name) => [name, ['node', ...nodeFlags(name, imageNode), facts[name].main]])),
    );
    const young = /--max-semi-space-size=\d+/;
    expect(young.exec(compose.services.loop.environment.NODE_OPTIONS)![0]).toBe(
      young.exec(memoryOptions('loop', imageNode).NODE_OPTIONS)![0],
    );
  });

  it.each(programs)('%s', (name) => {
    const { port, main, heapMegabytes, semiSpaceMegabytes, group, topics } = facts[name];
    expect({ port, main }).toEqual({ port: defaultPortOf(name), main: relative(workspaceRoot, mainOf(name)) });
    expect(memoryOptions(name, imageNode).NODE_OPTIONS).toContain(`--max-old-space-size=${heapMegabytes}`);
    expect(memoryOptions(name, imageNode).NODE_OPTIONS).toContain(`--max-semi-space-size=${semiSpaceMegabytes}`);
    if (name === 'console') return;
    expect({ group, topics }).toEqual({
      group: pipeline[name].group,
      topics: pipeline[name].consumes.map(({ topic }) => topic),
    });
  });

  it('of whom they call', () => {
    const folderOf = (name: string): string => facts[name].main.split('/')[1];
    for (const folder of new Set(programs.map(folderOf))) {
      const called = new Set<string>();
      for (const text of sources(join('services', folder))) {
        for (const [, name] of text.matchAll(/@FromEnv\(\s*'([A-Z]+)_URL'/g)) called.add(name!.toLowerCase());
        if (/\bTeamDirectory\b/.test(text)) called.add('routing');
      }
      const said = programs
        .filter((name) => folderOf(name) === folder)
        .flatMap((name) => facts[name].calls as string[]);
      expect([folder, said.sort()]).toEqual([folder, [...called].filter((name) => name in facts).sort()]);
    }
  });
});

it('helm lint finds nothing', async () => {
  await expect(lint()).resolves.not.toMatch(/\[(WARNING|ERROR)\]/);
});

describe.each([
  ['by its own values', {}, 6],
  ['with everything on', everything, 12],
])('rendered %s', (_, values: Manifest, partitions) => {
  let manifests: Manifest[];
  const of = (kind: string): Manifest[] => manifests.filter((manifest) => manifest.kind === kind);
  const named = (kind: string, name: string): Manifest =>
    of(kind).find(({ metadata }) => metadata.name === `shop-closeloop-${name}`);
  const containers = (): Manifest[] =>
    [...of('Deployment'), ...of('Job')].map(({ spec }) => ({
      pod: spec.template.spec,
      ...spec.template.spec.containers[0],
    }));

  beforeAll(async () => {
    manifests = await template(values);
  });

  it('every manifest is one that Kubernetes and KEDA take', async () => {
    await expect(problemsOf(manifests)).resolves.toEqual([]);
  });

  it('every service is started as the other ways to start it do', () => {
    for (const name of programs) {
      const [container] = named('Deployment', name).spec.template.spec.containers;
      expect(container.command).toEqual(['node', ...nodeFlags(name, imageNode), facts[name].main]);
    }
  });

  it('the migrations are a hook, which is no part of the release, unless they are not to be', () => {
    expect(of('Job').map(({ metadata }) => metadata.name)).toEqual(
      values.migrate === undefined ? [] : ['shop-closeloop-migrate-1'],
    );
  });

  it('every service has a deployment, a service, a disruption budget and a policy that select its pods, and nobody else’s', () => {
    const labels = of('Deployment').map(({ spec }) => spec.template.metadata.labels);
    const selected = (selector: Manifest) =>
      labels.filter((each) => Object.entries(selector).every(([label, value]) => each[label] === value));
    for (const name of programs) {
      const selectors = [
        named('Deployment', name).spec.selector.matchLabels,
        named('Service', name).spec.selector,
        named('PodDisruptionBudget', name).spec.selector.matchLabels,
        named('NetworkPolicy', name).spec.podSelector.matchLabels,
      ];
      for (const selector of selectors) {
        expect(selected(selector)).toEqual([expect.objectContaining({ 'app.kubernetes.io/component': name })]);
      }
    }
  });

  it('every service is asked at its own port whether it lives and is ready', () => {
    for (const name of programs) {
      const [container] = named('Deployment', name).spec.template.spec.containers;
      expect(container.ports).toEqual([{ name: 'http', containerPort: facts[name].port }]);
      expect(named('Service', name).spec.ports).toEqual([{ name: 'http', port: facts[name].port, targetPort: 'http' }]);
      expect(container.startupProbe.httpGet).toEqual({ path: '/health/live', port: 'http' });
      expect(container.livenessProbe.httpGet).toEqual({ path: '/health/live', port: 'http' });
      expect(container.readinessProbe.httpGet).toEqual({ path: '/health/ready', port: 'http' });
      expect(container.resources).toEqual({
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
    }
  });

  it('every program runs as somebody, may do nothing, and writes to /tmp alone', () => {
    for (const { pod, securityContext, volumeMounts } of containers()) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const writable = volumeMounts.filter(({ readOnly }: Manifest) => readOnly !== true);
      expect(writable.map(({ mountPath }: Manifest) => mountPath)).toEqual(['/tmp']);
    }
  });

  it('every secret comes from a Secret, as the file that its variable names; none stands in a variable', () => {
    for (const { pod, env } of containers()) {
      const projected = pod.volumes.find(({ name }: Manifest) => name === 'secrets').projected.sources;
      const files = projected.flatMap(({ secret }: Manifest) =>
        secret.items.map(({ path }: Manifest) => `/run/closeloop/${path}`),
      );
      const named = env.filter(({ name }: Manifest) => name.endsWith('_FILE')).map(({ value }: Manifest) => value);
      expect(named.sort()).toEqual(files.sort());
      expect(new Set(files).size).toBe(files.length);
      const plain = env.filter(
        ({ name }: Manifest) => /PASSWORD|SECRET|_KEY$|SMTP_URL/.test(name) && !name.endsWith('_FILE'),
      );
      expect(plain).toEqual([]);
    }
  });

  it('every variable is one that the code reads, and has one value', () => {
    const known = variables();
    for (const { env } of containers()) {
      const names = env.map(({ name }: Manifest) => name);
      expect(names.filter((name: string) => !known.has(name.replace(/_FILE$/, '')))).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('every group that consumes is scaled on the lag of all that it consumes, to one replica a partition at most', () => {
    const prefix = values.kafka?.topicPrefix ?? '';
    const scaled = of('ScaledObject').map(({ spec }) => {
      const kafka = spec.triggers.filter(({ type }: Manifest) => type === 'kafka');
      expect(spec.maxReplicaCount).toBeLessThanOrEqual(partitions);
      expect(named('Deployment', spec.scaleTargetRef.name.replace('shop-closeloop-', '')).spec).not.toHaveProperty(
        'replicas',
      );
      for (const { authenticationRef } of kafka) {
        expect(authenticationRef).toEqual(values.kafka === undefined ? undefined : { name: 'shop-closeloop-kafka' });
      }
      return [
        spec.scaleTargetRef.name,
        kafka.map(({ metadata }: Manifest) => `${metadata.consumerGroup} ${metadata.topic}`),
      ];
    });
    expect(Object.fromEntries(scaled)).toEqual(
      Object.fromEntries(
        Object.entries(pipeline).map(([name, { group, consumes }]) => [
          `shop-closeloop-${name}`,
          consumes.map(({ topic }) => `${prefix}${group} ${prefix}${topic}`),
        ]),
      ),
    );
  });

  it('who calls a service reaches it: its address, its caller’s way out and its own way in agree', () => {
    for (const name of programs) {
      const [{ env }] = named('Deployment', name).spec.template.spec.containers;
      const called = env
        .map(({ value }: Manifest) => /^http:\/\/shop-closeloop-(\w+):(\d+)$/.exec(value))
        .filter((found: unknown) => found !== null);
      expect(called.map(([, callee]: string[]) => callee).sort()).toEqual([...facts[name].calls].sort());
      for (const [, callee, port] of called) {
        const selector = (component: string) => ({
          podSelector: { matchLabels: expect.objectContaining({ 'app.kubernetes.io/component': component }) },
        });
        expect(Number(port)).toBe(facts[callee].port);
        expect(named('NetworkPolicy', name).spec.egress).toContainEqual({
          ports: [{ port: facts[callee].port }],
          to: [selector(callee)],
        });
        expect(named('NetworkPolicy', callee).spec.ingress).toContainEqual({
          ports: [{ port: facts[callee].port }],
          from: [selector(name)],
        });
      }
    }
  });

  it('from outside console, ingestion and what customers and connectors need of loop are reached', () => {
    const from = values.networkPolicy?.ingressFrom;
    const open = programs.filter((name) => {
      const rule = { ports: [{ port: facts[name].port }], ...(from && { from }) };
      return named('NetworkPolicy', name).spec.ingress?.some((each: Manifest) => isDeepStrictEqual(each, rule));
    });
    expect(open.sort()).toEqual(['console', 'ingestion', 'loop']);
    const rules = of('Ingress').flatMap(({ spec }) => spec.rules);
    const paths = rules.flatMap(({ host, http }: Manifest) =>
      http.paths.map(({ path, backend }: Manifest) => `${host}${path} → ${backend.service.name}`),
    );
    expect(paths).toEqual(
      values.ingress === undefined
        ? []
        : [
            'care.example.com/ → shop-closeloop-console',
            'feedback.example.com/v1 → shop-closeloop-ingestion',
            'feedback.example.com/docs → shop-closeloop-ingestion',
            'feedback.example.com/openapi.json → shop-closeloop-ingestion',
            'answers.example.com/f → shop-closeloop-loop',
            'answers.example.com/v1/evidence → shop-closeloop-loop',
          ],
    );
  });
});

describe('values that cannot work are refused, by their name', () => {
  it.each([
    [
      'more replicas than partitions',
      { services: { loop: { maxReplicas: 7 } } },
      /services\.loop\.maxReplicas: at most kafka\.partitions \(6\)/,
    ],
    [
      'fewer at most than at least',
      { services: { loop: { replicas: 3, maxReplicas: 2 } } },
      /services\.loop\.maxReplicas: at least/,
    ],
    ['a broker without a port', { kafka: { brokers: ['kafka'] } }, /kafka.*brokers/s],
    ['a way of signing in that there is not', { kafka: { sasl: { mechanism: 'gssapi' } } }, /mechanism/],
    ['signing in without a Secret', { kafka: { sasl: { mechanism: 'plain' } } }, /kafka\.sasl\.secret\.name/],
    ['an ingress without a host', { ingress: { enabled: true } }, /ingress\.hosts\.console: is needed/],
    ['mail from nobody', { loop: { mail: { enabled: true } } }, /loop\.mail\.from/],
    ['a value that there is not', { kafka: { broker: 'kafka:9092' } }, /broker/],
  ])('%s', async (_, values, message) => {
    await expect(template(values)).rejects.toThrow(message);
  });
});

describe('a manifest that is wrong is seen', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'closeloop-chart-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['a field that is not there', 'deployments.yaml', 'revisionHistoryLimit:', 'revisionHistory:', /revisionHistory/],
    ['a field of another type', 'deployments.yaml', 'periodSeconds: 10', "periodSeconds: 'ten'", /ten/],
    [
      'a number where text belongs',
      'deployments.yaml',
      '- { name: http, containerPort',
      '- { name: 80, containerPort',
      /ports\/0\/name/,
    ],
    [
      'a field that is missing',
      'deployments.yaml',
      '  selector:\n    matchLabels: {{- include "closeloop.selector" $of | nindent 6 }}\n',
      '',
      /required field `selector`/,
    ],
    ['a trigger without a group', 'autoscaling.yaml', 'consumerGroup:', 'group:', /consumerGroup/],
  ])('%s', async (_, file, from, to, problem) => {
    cpSync(chartFolder, folder, { recursive: true });
    const path = join(folder, 'templates', file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
    expect((await problemsOf(await template({}, folder))).join('\n')).toMatch(problem);
  });
});

/** What @FromEnv names in the sources, and what is read beside it. */
function variables(): ReadonlySet<string> {
  const known = new Set(['NODE_OPTIONS', 'DATABASE_URL', 'DATABASE_PASSWORD']);
  const folders = ['libs', 'services'].flatMap((group) =>
    readdirSync(join(workspaceRoot, group)).map((name) => join(group, name)),
  );
  for (const text of folders.flatMap(sources)) {
    for (const [, name] of text.matchAll(/@FromEnv\(\s*'([A-Z_]+)'/g)) known.add(name!);
  }
  return known;
}

const sources = (folder: string): string[] =>
  readdirSync(join(workspaceRoot, folder, 'src'), { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith('.ts') && !/\.(spec|fixture)\.ts$/.test(name))
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
