import {
  actorKinds,
  Feedback,
  loopChanges,
  loopStates,
  priorities,
  replyKinds,
  schemasOf,
  Tags,
  teamPattern,
} from '@closeloop/contracts';
import { stationPaths } from '@closeloop/messaging';
import {
  auditPaths,
  jsonContent,
  openApi,
  type OpenApiDocument,
  type OpenApiOperation,
  schemaRef,
} from '@closeloop/platform';
import { clockNames, targets } from '../domain/sla/settings.js';
import { answerOutcomes, followUpStates, questions, skipReasons, ways } from '../domain/follow-up.js';
import { evidenceTypes } from '../domain/loop.js';
import { loopOrders, searchedLoops } from '../domain/loop-store.js';
import { differingFields } from '../domain/reconciliation.js';
import { type PeoplesCommand } from '../domain/permission.js';
import { deliveryData, deliveryPaths, deliveryRequests, deliverySchemas } from './delivery.openapi.js';
import { EvidenceRequest } from './evidence.request.js';
import { maxWords } from './follow-up-page.js';
import {
  AssignRequest,
  DraftRequest,
  PriorityRequest,
  ReasonRequest,
  RespondRequest,
  SplitRequest,
} from './loop-command.request.js';
import { HistoryRequest } from './history.request.js';
import { SlaSettingsRequest } from './sla-settings.request.js';
import { ReconciliationRequest } from './reconciliation.request.js';
import { RenderRequest, TemplateRequest } from './template.request.js';

const { connectors, count, inQuery, may, object, people, text, timestamp, uuid } = openApi;
type Schema = openApi.Schema;

const version: Schema = { type: 'integer', minimum: 1 };
const etag = { ETag: { description: 'The version, for If-Match', schema: text } };

const loopId = { name: 'loopId', in: 'path', required: true, schema: uuid };
const settingsHead = { version, createdAt: timestamp, createdBy: text, reason: text };
const settingsBody = {
  ...{ calendars: { type: 'array' }, defaultCalendar: text, policies: { type: 'array' }, defaultPolicy: text },
  teams: { type: 'array' },
};
const writing: Schema = {
  type: 'array',
  description: 'Who writes an answer now; the first holds the place',
  items: object({ agent: text, since: timestamp, until: timestamp }),
};
const writingNow = { until: timestamp, writing, warning: object({ reason: text, by: text }) };

const commands: Record<PeoplesCommand, { summary: string; body?: { name: string } }> = {
  acknowledge: { summary: 'Take the loop: you own it' },
  respond: { summary: 'The customer was answered elsewhere, or is to be: with `send`', body: RespondRequest },
  wait: { summary: 'We wait for the customer' },
  resume: { summary: 'We wait no more' },
  resolve: { summary: 'The team is done; the customer is asked' },
  reopen: { summary: 'Start the next cycle', body: ReasonRequest },
  dismiss: { summary: 'Nothing is to be done', body: ReasonRequest },
  split: { summary: 'Give a joined feedback a loop of its own', body: SplitRequest },
  assign: { summary: 'Give it to a team, an owner, or both', body: AssignRequest },
  escalate: { summary: 'One level up' },
  'set-priority': { summary: 'Change the priority', body: PriorityRequest },
};

const commandPaths = Object.fromEntries(
  Object.entries(commands).map(([name, { summary, body }]) => [
    `/v1/loops/{loopId}/${name}`,
    {
      post: {
        operationId: `${name.replace(/-(.)/g, (_dash, letter: string) => letter.toUpperCase())}Loop`,
        summary,
        tags: ['commands'],
        security: people,
        parameters: [
          loopId,
          {
            ...{ name: 'If-Match', in: 'header', required: true },
            description: 'The ETag of the loop as you saw it: two at once, and one is told what the other did',
            schema: { type: 'string', examples: ['"3"'] },
          },
        ],
        ...(body && { requestBody: { required: true, content: jsonContent(schemaRef(body.name)) } }),
        responses: {
          '200': { description: 'The loop after it', headers: etag, content: jsonContent(schemaRef('Loop')) },
          ...may('Invalid', 'NotFound', 'VersionConflict', 'TransitionRefused', 'IfMatchMissing'),
        },
      } satisfies OpenApiOperation,
    },
  ]),
);

const paths: OpenApiDocument['paths'] = {
  '/v1/loops': {
    get: {
      operationId: 'listLoops',
      summary: 'Loops, newest or due first: of your teams, or of all for managers and admins',
      tags: ['loops'],
      security: people,
      parameters: [
        inQuery('team', 'Of one team', { type: 'string', pattern: teamPattern.source }),
        inQuery('state', 'One state, or several by commas', { type: 'string', examples: ['opened,reopened'] }),
        inQuery('owner', 'Owned by this person; your own are shown whatever team has them', text),
        inQuery('feedbackId', 'The loop that this feedback is in', uuid),
        inQuery('priority', 'One priority, or several by commas', { type: 'string', examples: ['high,critical'] }),
        inQuery('overdue', 'Only open ones that a limit has passed for', { type: 'boolean', default: false }),
        inQuery(
          'q',
          `What the words of their feedback, or the name of its author, contain, in any case; looked for in the first ${searchedLoops} that the rest lets through`,
          { type: 'string', minLength: 2, maxLength: 200 },
        ),
        inQuery(
          'sort',
          'newest: opened last first. due: open ones, by the earliest limit that is still to be kept on either clock; what nothing is promised for comes last',
          { type: 'string', enum: loopOrders, default: 'newest' },
        ),
        inQuery('cursor', 'Where the page before ended', text),
        inQuery('limit', 'Loops on a page', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
      ],
      responses: {
        '200': {
          description: 'A page; `cursor` is there while more follow',
          content: jsonContent(
            object({ items: { type: 'array', items: schemaRef('ListedLoop') }, cursor: text }, ['cursor']),
          ),
        },
        ...may('Invalid'),
      },
    },
  },
  '/v1/loops/counts': {
    get: {
      operationId: 'countLoops',
      summary: 'Loops by state and team; closed and verified are counted apart',
      tags: ['loops'],
      security: people,
      responses: { '200': { description: 'The counts', content: jsonContent(schemaRef('Counts')) }, ...may() },
    },
  },
  '/v1/loops/{loopId}': {
    get: {
      operationId: 'readLoop',
      summary: 'A loop, its history, the feedback in it, the drafts, and what the customer was asked',
      tags: ['loops'],
      security: people,
      parameters: [loopId],
      responses: {
        '200': { description: 'The loop', headers: etag, content: jsonContent(schemaRef('WholeLoop')) },
        ...may('NotFound'),
      },
    },
  },
  ...commandPaths,
  '/v1/evidence': {
    post: {
      operationId: 'recordEvidence',
      summary: 'What the customer says of what was done',
      description:
        'Confirm closes the loop as verified; object reopens it, one level up; answer is a reply that the loop waited for.',
      tags: ['evidence'],
      security: connectors,
      parameters: [
        {
          ...{ name: 'Idempotency-Key', in: 'header', required: true },
          description: 'The same request with the same key gets the same answer, and moves nothing twice',
          schema: { type: 'string', minLength: 1, maxLength: 255 },
        },
      ],
      requestBody: { required: true, content: jsonContent(schemaRef('EvidenceRequest')) },
      responses: {
        '200': { description: 'The loop moved', content: jsonContent(schemaRef('EvidenceTaken')) },
        ...may('Invalid', 'NotFound', 'TransitionRefused'),
      },
    },
  },
};

const slaSettings: OpenApiDocument['paths'] = {
  '/v1/sla-settings': {
    get: {
      operationId: 'listSlaSettings',
      summary: 'Versions of what is promised, newest first: who made each, when and why',
      tags: ['sla'],
      security: people,
      responses: {
        '200': {
          description: 'The versions',
          content: jsonContent(object({ items: { type: 'array', items: object(settingsHead, ['reason']) } })),
        },
        ...may(),
      },
    },
    post: {
      operationId: 'setSla',
      summary: 'Make the next version; loops that open from now on go by it',
      description:
        'Open loops keep what they were promised, unless `applyToOpen` is true: then they get it one after the other, some hundred a second. For managers and admins.',
      tags: ['sla'],
      security: people,
      requestBody: { required: true, content: jsonContent(schemaRef('SlaSettingsRequest')) },
      responses: {
        '201': {
          description: 'The version, and how many open loops are to get it',
          content: jsonContent(object({ ...settingsHead, ...settingsBody, toApply: count }, ['reason'])),
        },
        ...may('Invalid', 'VersionConflict'),
      },
    },
  },
  '/v1/sla-settings/{version}': {
    get: {
      operationId: 'readSlaSettings',
      summary: 'One version; `active` for the newest',
      tags: ['sla'],
      security: people,
      parameters: [
        { name: 'version', in: 'path', required: true, schema: { type: 'string', examples: ['active', '3'] } },
      ],
      responses: {
        '200': {
          description: 'The version',
          content: jsonContent(object({ ...settingsHead, ...settingsBody }, ['reason'])),
        },
        ...may('NotFound'),
      },
    },
  },
};

const template = {
  team: { name: 'team', in: 'path', required: true, schema: { type: 'string', pattern: teamPattern.source } },
  id: { name: 'id', in: 'path', required: true, schema: uuid },
  ifMatch: {
    ...{ name: 'If-Match', in: 'header', required: true },
    ...{ description: 'The ETag of the template as you saw it', schema: { type: 'string', examples: ['"1"'] } },
  },
  answer: { description: 'The template', headers: etag, content: jsonContent(schemaRef('Template')) },
  request: { required: true, content: jsonContent(schemaRef('TemplateRequest')) },
};

const answering: OpenApiDocument['paths'] = {
  '/v1/loops/{loopId}/draft': {
    put: {
      operationId: 'draftResponse',
      summary:
        'Keep your unfinished answer, and be seen writing it; it is stale once the words that it answers are revised',
      tags: ['answering'],
      security: people,
      parameters: [loopId],
      requestBody: { required: true, content: jsonContent(schemaRef('DraftRequest')) },
      responses: {
        '200': {
          description: 'Kept; a warning where somebody else began before',
          content: jsonContent(object({ stale: { type: 'boolean' }, ...writingNow }, ['warning'])),
        },
        ...may('Invalid', 'NotFound', 'TransitionRefused'),
      },
    },
    delete: {
      operationId: 'discardDraft',
      summary: 'Give up your draft, and your place as the one who answers',
      tags: ['answering'],
      security: people,
      parameters: [loopId],
      responses: { '204': { description: 'It is gone' }, ...may('NotFound') },
    },
  },
  '/v1/loops/{loopId}/draft/lock': {
    post: {
      operationId: 'keepWriting',
      summary: 'Be seen writing for a while longer',
      tags: ['answering'],
      security: people,
      parameters: [loopId],
      responses: {
        '200': { description: 'Who writes', content: jsonContent(object(writingNow, ['warning'])) },
        ...may('Invalid', 'NotFound', 'TransitionRefused'),
      },
    },
  },
  '/v1/loops/{loopId}/suggestions': {
    get: {
      operationId: 'suggestAnswers',
      summary: 'What your team has answered to feedback like this; three at most, none that is not similar enough',
      description: 'Past answers as they were given, none that its customer objected to. Nothing is sent by this.',
      tags: ['answering'],
      security: people,
      parameters: [loopId, inQuery('feedbackId', 'Which feedback of the loop; the last, unless named', uuid)],
      responses: {
        '200': {
          description: 'The most similar first; those that customers confirmed count a little more',
          content: jsonContent(
            object({ suggestions: { type: 'array', items: schemaRef('Suggestion') }, message: text }, ['message']),
          ),
        },
        ...may('Invalid', 'NotFound'),
      },
    },
  },
  '/v1/teams/{team}/templates': {
    get: {
      operationId: 'listTemplates',
      summary: 'The templates of a team, by name',
      tags: ['answering'],
      security: people,
      parameters: [template.team],
      responses: {
        '200': {
          description: 'All of them',
          content: jsonContent(object({ items: { type: 'array', items: schemaRef('Template') } })),
        },
        ...may('NotFound'),
      },
    },
    post: {
      operationId: 'createTemplate',
      summary: 'A new template; for managers and admins',
      tags: ['answering'],
      security: people,
      parameters: [template.team],
      requestBody: template.request,
      responses: { '201': template.answer, ...may('Invalid', 'NotFound', 'VersionConflict') },
    },
  },
  '/v1/teams/{team}/templates/{id}': {
    get: {
      operationId: 'readTemplate',
      summary: 'A template',
      tags: ['answering'],
      security: people,
      parameters: [template.team, template.id],
      responses: { '200': template.answer, ...may('NotFound') },
    },
    put: {
      operationId: 'replaceTemplate',
      summary: 'Change a template; for managers and admins',
      tags: ['answering'],
      security: people,
      parameters: [template.team, template.id, template.ifMatch],
      requestBody: template.request,
      responses: { '200': template.answer, ...may('Invalid', 'NotFound', 'VersionConflict', 'IfMatchMissing') },
    },
    delete: {
      operationId: 'removeTemplate',
      summary: 'Take a template away; for managers and admins',
      tags: ['answering'],
      security: people,
      parameters: [template.team, template.id, template.ifMatch],
      responses: {
        '204': { description: 'It is gone' },
        ...may('Invalid', 'NotFound', 'VersionConflict', 'IfMatchMissing'),
      },
    },
  },
  '/v1/teams/{team}/templates/{id}/render': {
    post: {
      operationId: 'renderTemplate',
      summary: 'Its text for the customer of a loop, in the customer’s language; nothing is sent',
      tags: ['answering'],
      security: people,
      parameters: [template.team, template.id],
      requestBody: { required: true, content: jsonContent(schemaRef('RenderRequest')) },
      responses: {
        '200': {
          description: '`isFallback`: the template does not have the language that was wanted',
          content: jsonContent(
            object({ text, language: text, wanted: text, isFallback: { type: 'boolean' } }, ['wanted']),
          ),
        },
        ...may('Invalid', 'NotFound'),
      },
    },
  },
};

const history: OpenApiDocument['paths'] = {
  '/v1/history/republish': {
    post: {
      operationId: 'republishHistory',
      summary: 'Tell insights again what was told of every loop, page by page, for its rebuild; for admins',
      tags: ['reconciliation'],
      security: people,
      requestBody: { required: true, content: jsonContent(schemaRef('HistoryRequest')) },
      responses: {
        '200': {
          description: 'What the page held, and where the next one begins while there is one',
          content: jsonContent(object({ loops: count, events: count, next: uuid }, ['next'])),
        },
        ...may('Invalid'),
      },
    },
  },
};

const reconciliation: OpenApiDocument['paths'] = {
  '/v1/reconciliation': {
    post: {
      operationId: 'reconcile',
      summary: 'Compare a page of the ledger of ingestion with what is kept here',
      description:
        'For managers and admins. With `range`, what lies in it here and is in no row is told as well. What is under way differs for a moment.',
      tags: ['reconciliation'],
      security: people,
      requestBody: { required: true, content: jsonContent(schemaRef('ReconciliationRequest')) },
      responses: {
        '200': {
          description: 'What differs; null: there is none',
          content: jsonContent(
            object({
              differences: {
                type: 'array',
                items: object({
                  ...{ feedbackId: uuid, field: { type: 'string', enum: differingFields } },
                  ...{ ledger: { type: ['string', 'integer', 'null'] }, loop: { type: ['string', 'integer', 'null'] } },
                }),
              },
            }),
          ),
        },
        ...may('Invalid'),
      },
    },
  },
};

const clockReading = object(
  {
    elapsedMs: count,
    limitMs: { ...count, description: 'Absent where nothing is promised on this clock' },
    dueAt: { ...timestamp, description: 'Absent once it was kept, and while the clock stands still' },
    breached: { type: 'boolean' },
  },
  ['limitMs', 'dueAt'],
);
const bothClocks = object({ customer: clockReading, business: clockReading });
const htmlPage = (description: string): object => ({ description, content: { 'text/html': { schema: text } } });
const token = {
  ...{ name: 'token', in: 'path', required: true },
  description: 'Of the link: what it is for and until when, signed',
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{48}$' },
};
const unusable = {
  '404': htmlPage('There is no such link'),
  '410': htmlPage('The link has expired, and there is no answer'),
  '503': htmlPage('The store is away or too much waits to be sent; see Retry-After'),
};
const followUps: OpenApiDocument['paths'] = {
  '/v1/follow-ups': {
    get: {
      operationId: 'listFollowUps',
      summary: 'What customers were asked, newest first: of your teams’ loops, or of all for managers and admins',
      tags: ['follow-ups'],
      security: people,
      parameters: [
        inQuery('team', 'Of loops of one team', { type: 'string', pattern: teamPattern.source }),
        inQuery('state', 'One state, or several by commas', { type: 'string', examples: ['handed-over,answered'] }),
        inQuery('cursor', 'Where the page before ended', text),
        inQuery('limit', 'Follow-ups on a page', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
      ],
      responses: {
        '200': {
          description: 'A page; `cursor` is there while more follow',
          content: jsonContent(
            object({ items: { type: 'array', items: schemaRef('FollowUp') }, cursor: text }, ['cursor']),
          ),
        },
        ...may('Invalid'),
      },
    },
  },
  '/f/{token}': {
    get: {
      operationId: 'showFollowUp',
      summary: 'The page where a customer answers: for anybody who has the link',
      description: 'Records nothing, with or without a score: mail servers look at links before people do.',
      tags: ['follow-ups'],
      security: [],
      parameters: [
        token,
        inQuery('score', 'The score that is chosen already', { type: 'integer', minimum: 1, maximum: 7 }),
      ],
      responses: { '200': htmlPage('The question; or what was answered'), ...unusable },
    },
    post: {
      operationId: 'answerFollowUp',
      summary: 'A customer answers',
      description:
        'CSAT 4–5 and CES 5–7 confirm: the loop is verified. CSAT 1–2 and CES 1–3 object: it is reopened. The middle is noted. The first score counts; words may follow once.',
      tags: ['follow-ups'],
      security: [],
      parameters: [token],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: object(
              {
                score: { type: 'integer', minimum: 1, maximum: 7, description: 'CSAT: 1 to 5. CES: 1 to 7' },
                words: { type: 'string', maxLength: maxWords },
              },
              ['score', 'words'],
            ),
          },
        },
      },
      responses: {
        '200': htmlPage('What was answered, and what became of it; the same again gets the same'),
        '400': htmlPage('No score, or words that cannot be kept: the question again'),
        ...unusable,
        '413': htmlPage('More than 64 KiB'),
        '415': htmlPage('Not a form'),
      },
    },
  },
};

const loopProperties = {
  ...{ loopId: uuid, version, state: { type: 'string', enum: loopStates }, cycle: version, level: count },
  ...{ team: text, priority: { type: 'string', enum: priorities }, owner: text, waiting: { type: 'boolean' } },
  home: { ...text, description: 'The team whose chain it climbs' },
  slaPolicy: text,
  sla: {
    ...object({
      terms: { ...text, description: 'Which promise: <version>/<policy>/<variant>/<calendar>' },
      ...{ cycleStartedAt: timestamp, firstResponse: bothClocks, resolution: bothClocks },
    }),
    description: 'What both clocks show, in milliseconds; until it is resolved or closed. Absent where no clock runs',
  },
  touched: { type: 'boolean', description: 'A person or the customer did something: rules do not move it any more' },
  topics: { type: 'array', items: text },
  ...{ channel: text, segments: { type: 'array', items: text } },
  historic: { type: 'boolean', description: 'Imported from the past: no clock runs' },
  ...{ receivedAt: timestamp, openedAt: timestamp, firstRespondedAt: timestamp, resolvedAt: timestamp },
  expiresAt: {
    ...timestamp,
    description: 'Resolved only: when it is closed unverified, unless the customer answers before',
  },
  ...{ closedAt: timestamp, closed: { type: 'boolean' } },
};
const optionalOfLoop = [
  'sla',
  'channel',
  'segments',
  'owner',
  'firstRespondedAt',
  'resolvedAt',
  'expiresAt',
  'closedAt',
];
const counted = {
  ...{ total: count, open: count, closed: { ...count, description: 'In any way, verified included' }, verified: count },
  byState: { type: 'object', additionalProperties: count },
};

const answerSchemas: Record<string, Schema> = {
  Loop: object(
    {
      ...loopProperties,
      feedback: { ...count, description: 'Feedback in it that its source has not deleted' },
      opened: { ...schemaRef('Loop'), description: 'After split: the loop of the feedback that was split off' },
    },
    [...optionalOfLoop, 'opened'],
  ),
  ListedLoop: object(
    {
      ...loopProperties,
      feedback: { ...count, description: 'Feedback in it that its source has not deleted' },
      dueAt: { ...timestamp, description: 'The earliest limit that is still to be kept, on either clock' },
      glimpse: {
        ...object(
          {
            ...{ feedbackId: uuid, title: text, excerpt: text, author: text, sentiment: text, language: text },
            rating: object({ value: { type: 'number' }, scale: { type: 'number' } }),
          },
          ['title', 'excerpt', 'author', 'sentiment', 'language', 'rating'],
        ),
        description: 'Of the feedback that opened it; absent once that is erased',
      },
    },
    [...optionalOfLoop, 'dueAt', 'glimpse'],
  ),
  LoopEvent: object(
    {
      ...{
        version,
        change: { type: 'string', enum: loopChanges.filter((change) => change !== 'settled') },
        at: timestamp,
      },
      actor: object({ kind: { type: 'string', enum: actorKinds }, id: text }, ['id']),
      feedback: object({ feedbackId: uuid, revision: version }),
      evidence: { type: 'string', enum: evidenceTypes },
      note: { ...text, description: 'Of noted: warned, breached, terms-set, reply-sent, reply-failed…' },
      takenOverFrom: { ...text, description: 'Of responded: who was answering' },
      replyId: { ...uuid, description: 'Of what came of a reply' },
      dueAt: {
        ...timestamp,
        description: 'When the customer’s time to answer ends, or what was due on a clock',
      },
      target: { type: 'string', enum: targets },
      clock: { type: 'string', enum: clockNames },
      words: { type: 'object', description: 'What was written with it; absent once it was erased' },
    },
    ['note', 'takenOverFrom', 'replyId', 'feedback', 'evidence', 'dueAt', 'target', 'clock', 'words'],
  ),
  WholeLoop: object(
    {
      ...loopProperties,
      history: { type: 'array', items: schemaRef('LoopEvent') },
      feedbackCount: count,
      feedback: {
        type: 'array',
        items: object(
          {
            ...{ feedbackId: uuid, source: text, revision: version, settlement: version, receivedAt: timestamp },
            outcome: { type: 'string', enum: ['loop', 'joined', 'withdrawn'] },
            ...{ as: { type: 'string', enum: ['loop', 'joined'] }, sentiment: text },
            customerKey: {
              ...text,
              description: 'Of the customer, where it is known: what else it said is found by it',
            },
            feedback: schemaRef('Feedback'),
            tags: schemaRef('Tags'),
            route: { type: 'object', description: 'Which rule sent it where; absent of what came before it was kept' },
          },
          ['sentiment', 'customerKey', 'feedback', 'tags', 'route'],
        ),
      },
      writing,
      replies: { type: 'array', description: 'What was to be sent, and what came of it', items: schemaRef('Reply') },
      drafts: {
        type: 'array',
        items: object({
          agent: text,
          at: timestamp,
          feedbackId: uuid,
          revision: version,
          text,
          stale: { type: 'boolean' },
        }),
      },
      followUps: {
        type: 'array',
        items: schemaRef('FollowUp'),
        description: 'What the customer was asked, newest first',
      },
    },
    optionalOfLoop,
  ),
  FollowUp: object(
    {
      ...{ followUpId: uuid, loopId: uuid, cycle: version, team: text },
      state: { type: 'string', enum: followUpStates },
      reason: { type: 'string', enum: skipReasons, description: 'Of skipped: why nobody is asked' },
      requestedAt: timestamp,
      dueAt: { ...timestamp, description: 'Of pending: when it is handed over, or tried again' },
      expiresAt: { ...timestamp, description: 'When the loop’s window ends' },
      ...{ attempts: count, askedAt: timestamp, sentAt: timestamp },
      ...{ way: { type: 'string', enum: ways }, question: { type: 'string', enum: questions }, language: text },
      feedbackId: { ...uuid, description: 'Whose author was asked' },
      ...{ answeredAt: timestamp, score: version },
      outcome: { type: 'string', enum: answerOutcomes, description: 'What the answer did to the loop' },
      version: { ...version, description: 'Of the loop’s event that the answer gave' },
      words: { ...text, description: 'What the customer wrote; absent once it was erased' },
    },
    [
      ...['reason', 'dueAt', 'askedAt', 'sentAt', 'way', 'question', 'language', 'feedbackId', 'answeredAt', 'score'],
      ...['outcome', 'version', 'words'],
    ],
  ),
  Reply: object(
    {
      ...{ replyId: uuid, kind: { type: 'string', enum: [...replyKinds, 'notice'] }, version, cycle: version },
      ...{ feedbackId: uuid, revision: version, channel: text, language: text },
      state: {
        ...{ type: 'string', enum: ['requested', 'sent', 'failed'] },
        description: 'requested: nobody knows yet whether it arrived',
      },
      ...{ requestedAt: timestamp, settledAt: timestamp, reason: text, message: text, externalId: text },
    },
    ['version', 'language', 'settledAt', 'reason', 'message', 'externalId'],
  ),
  Template: object({
    ...{ templateId: uuid, team: text, name: text, version, changedAt: timestamp, changedBy: text },
    ...{ variables: { type: 'array', items: schemaRef('VariableRequest') } },
    ...{ texts: { type: 'array', items: schemaRef('TemplateTextRequest') }, fallback: text },
  }),
  Suggestion: object({
    similarity: { type: 'number', minimum: 0, maximum: 1 },
    ...{ loopId: uuid, version, at: timestamp, text, channel: text, verified: { type: 'boolean' } },
    excerpt: { ...text, description: 'The beginning of what was answered so' },
  }),
  Counts: object({ ...counted, byTeam: { type: 'object', additionalProperties: object(counted) } }),
  EvidenceTaken: object({
    ...{
      feedbackId: uuid,
      loopId: uuid,
      version,
      change: { type: 'string', enum: ['confirmed', 'objected', 'resumed'] },
    },
    ...{ state: { type: 'string', enum: loopStates }, cycle: version },
  }),
};

/** The document, from the contracts' schemas and the routes above; `release` is the service's own version. */
export const openApiDocument = (release: string): OpenApiDocument =>
  openApi.documentOf(
    {
      title: 'Closeloop loop',
      version: release,
      summary: 'Tracks what customers said until they say that it is closed.',
    },
    [
      { name: 'loops', description: 'What is open, and what happened' },
      { name: 'commands', description: 'What people do with a loop' },
      { name: 'answering', description: 'Drafts, templates, and what was answered before' },
      { name: 'evidence', description: 'What customers say of it' },
      { name: 'sla', description: 'What is promised, and along whom a loop goes up' },
      { name: 'follow-ups', description: 'What customers are asked once a loop is resolved' },
      { name: 'reconciliation', description: 'Whether the ledger and the loops agree' },
      { name: 'audit', description: 'Who changed what; for managers and admins' },
      { name: 'deliveries', description: 'Where teams hear of their loops, and how that went' },
    ],
    {
      ...paths,
      ...followUps,
      ...answering,
      ...slaSettings,
      ...reconciliation,
      ...history,
      ...auditPaths(people, 'audit', may('Invalid')),
      ...deliveryPaths(),
      ...stationPaths(people, 'operations', may()),
    },
    {
      ...schemasOf(
        [
          ...[Feedback, Tags, RespondRequest, ReasonRequest, SplitRequest, AssignRequest, PriorityRequest],
          ...[DraftRequest, EvidenceRequest, HistoryRequest, ReconciliationRequest, SlaSettingsRequest],
          ...deliveryRequests,
          ...[TemplateRequest, RenderRequest],
        ],
        (name) => `#/components/schemas/${name}`,
      ),
      ...schemasOf(deliveryData, (name) => `#/components/schemas/${name}`, { unknownProperties: 'ignore' }),
      ...answerSchemas,
      ...deliverySchemas,
    },
    {
      servesConnectors: true,
      describe: {
        NotFound: 'There is none, or it is of another team or source',
        VersionConflict:
          '`happened` is the history since the expected version; `reason` being-answered: somebody else began before',
      },
    },
  );
