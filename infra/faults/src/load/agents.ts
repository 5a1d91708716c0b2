import { setTimeout as sleep } from 'node:timers/promises';
import { firstTeams, type LoopState } from '@closeloop/contracts';
import { type Random } from '../random.js';
import { type Subject } from '../subject.js';
import { sendUntilAnswered, type Call, type Patience, type Reply } from './client.js';

export interface AgentsOptions {
  readonly random: Random;
  readonly agents: number;
  /** Connectors' keys by source: they tell what customers say of what was done */
  readonly keys: ReadonlyMap<string, string>;
  readonly patience: Patience;
  /** Aborted: nothing new is begun */
  readonly stop: AbortSignal;
}

const priorities = ['low', 'medium', 'high', 'critical'] as const;
const pauseMs = [100, 500] as const;

interface LoopRow {
  readonly loopId: string;
  readonly team: string;
  readonly state: LoopState;
  readonly version: number;
  readonly waiting: boolean;
  readonly owner?: string;
}

interface HistoryEvent {
  readonly version: number;
  readonly change: string;
  readonly actor: { readonly kind: string; readonly id?: string };
}

interface WholeLoop extends LoopRow {
  readonly history: readonly HistoryEvent[];
  readonly feedback: readonly { feedbackId: string; source: string; as?: string; outcome: string }[];
}

/** A command, and the change that it makes. */
interface Command {
  readonly name: string;
  readonly change: string;
  readonly body: object;
}

/** Lets people work loops until they are to stop; resolves when what each of them had begun is done. */
export async function startAgents(subject: Subject, options: AgentsOptions): Promise<void> {
  await Promise.all(
    Array.from({ length: options.agents }, async (_, number) => {
      const random = options.random.fork();
      const sub = `faults-agent-${options.patience.journal.loads}-${number}`;
      const own = random.shuffle(firstTeams).slice(0, 3);
      const [token, manager] = await Promise.all([
        subject.token({ sub, roles: ['agent'], teams: own }),
        subject.token({ sub: `${sub}-manager`, roles: ['manager'] }),
      ]);
      const agent = new Agent(subject, options, random, { sub, token, manager, teams: own });
      while (!options.stop.aborted) {
        await agent.work();
        await sleep(random.int(...pauseMs), undefined, { signal: options.stop }).catch(() => undefined);
      }
    }),
  );
}

/** One person with a team inbox: looks, picks, acts, one thing at a time, so that what is in a history under this name is known. */
class Agent {
  constructor(
    private readonly subject: Subject,
    private readonly options: AgentsOptions,
    private readonly random: Random,
    private readonly self: { sub: string; token: string; manager: string; teams: readonly string[] },
  ) {}

  async work(): Promise<void> {
    const { random } = this;
    const team = random.pick(this.self.teams);
    const states = 'opened,reopened,acknowledged,responded,resolved,verified,closed-unverified,dismissed';
    const path = `/v1/loops?team=${team}&state=${random.chance(0.9) ? states.split(',').slice(0, 5).join() : states}&limit=50`;
    const listed = await this.#ask({ method: 'GET', path, headers: {} });
    if (listed?.status !== 200) return;
    const { items } = JSON.parse(listed.text) as { items: LoopRow[] };
    if (items.length === 0) return;
    let loop: LoopRow | undefined = random.pick(items);
    if ((loop.state === 'resolved' || loop.state === 'responded') && random.chance(0.5)) {
      await this.#judge(loop);
      return;
    }
    // before time moves it on; what is resolved waits for its customer
    do loop = await this.#act(loop);
    while (loop && open.includes(loop.state) && random.chance(0.9) && !this.options.stop.aborted);
  }

  /**
   * Gives a command with the version that was seen, and notes what it certainly did.
   * @returns the loop after it, where that was heard
   */
  async #act(loop: LoopRow): Promise<LoopRow | undefined> {
    const { name, change, body } = await this.#choose(loop);
    const { journal } = this.options.patience;
    const { phase } = journal;
    const byManager = (name === 'assign' || name === 'set-priority') && this.random.chance(0.5);
    const id = byManager ? `${this.self.sub}-manager` : this.self.sub;
    const reply = await this.#ask(
      {
        method: 'POST',
        path: `/v1/loops/${loop.loopId}/${name}`,
        headers: {
          authorization: `Bearer ${byManager ? this.self.manager : this.self.token}`,
          'content-type': 'application/json',
          'if-match': `"${loop.version}"`,
        },
        body: JSON.stringify(body),
      },
      'command',
    );
    const moved = (version: number): void =>
      journal.moved({ phase, loopId: loop.loopId, version, change, actor: { kind: 'agent', id } });
    if (!reply) return undefined;
    switch (reply.status) {
      case 200: {
        const after = JSON.parse(reply.text) as LoopRow;
        moved(after.version);
        return after;
      }
      case 409: {
        // an earlier try, of which nothing was heard, may be what it conflicts with
        const { happened } = JSON.parse(reply.text) as { happened: HistoryEvent[] };
        const [first] = happened;
        if (first?.version !== loop.version + 1 || first.actor.id !== id) return undefined;
        const own = happened.find((event) => event.change === change && event.actor.id === id);
        if (own) moved(own.version);
        return undefined;
      }
      case 403:
      case 404:
      case 422:
        return undefined;
      default:
        throw new Error(`${name} of loop ${loop.loopId} was answered ${reply.status}: ${reply.text}`);
    }
  }

  async #choose({ loopId, state, priority, waiting }: LoopRow & { priority?: string }): Promise<Command> {
    const { random } = this;
    const plain = (name: string, change: string): Command => ({ name, change, body: {} });
    const reopen: Command = { name: 'reopen', change: 'reopened', body: { reason: 'It is not done yet.' } };
    const respond = async (): Promise<Command> => ({
      name: 'respond',
      change: 'responded',
      body: { text: 'We are sorry, and have put it right.', ...(await this.#howToAnswer(loopId)) },
    });
    if (state === 'resolved' || !open.includes(state)) return reopen;
    const anywhere: Command[] = [
      plain('escalate', 'escalated'),
      { name: 'assign', change: 'assigned', body: { owner: `${this.self.sub}-colleague-${random.int(1, 1_000_000)}` } },
      {
        name: 'set-priority',
        change: 'priority-set',
        body: { priority: random.pick(priorities.filter((one) => one !== priority)) },
      },
    ];
    if (random.chance(0.05)) {
      const joined = await this.#joined(loopId);
      if (joined !== undefined) return { name: 'split', change: 'split', body: { feedbackId: joined } };
    }
    if (random.chance(0.05)) {
      const team = random.pick(firstTeams);
      return { name: 'assign', change: 'assigned', body: { team } };
    }
    if (random.chance(0.2)) return random.pick(anywhere);
    if (state === 'opened' || state === 'reopened') {
      if (random.chance(0.1))
        return { name: 'dismiss', change: 'dismissed', body: { reason: 'A test of a colleague.' } };
      return random.chance(0.6) ? plain('acknowledge', 'acknowledged') : respond();
    }
    if (random.chance(0.2)) return waiting ? plain('resume', 'resumed') : plain('wait', 'waited');
    return state === 'acknowledged' ? respond() : plain('resolve', 'resolved');
  }

  /** A connector tells what the customer says of it. */
  async #judge({ loopId, version }: LoopRow): Promise<void> {
    const feedback = await this.#fromConnector(loopId);
    if (!feedback) return;
    const kind = this.random.chance(0.6) ? 'confirm' : 'object';
    const { journal } = this.options.patience;
    const { phase } = journal;
    const reply = await this.#ask(
      {
        method: 'POST',
        path: '/v1/evidence',
        headers: {
          authorization: `Bearer ${this.options.keys.get(feedback.source)}`,
          'content-type': 'application/json',
          'idempotency-key': `${this.self.sub}-${loopId}-${version}-${kind}`,
        },
        body: JSON.stringify({ feedbackId: feedback.feedbackId, kind, evidence: { type: 'survey' } }),
      },
      'evidence',
    );
    if (reply?.status !== 200) return;
    const told = JSON.parse(reply.text) as { loopId: string; version: number; change: string };
    const { change } = told;
    journal.moved({ phase, loopId: told.loopId, version: told.version, change, actor: { kind: 'customer' } });
  }

  /** Half of the answers are sent to the customer; the others were given elsewhere, and are recorded. */
  async #howToAnswer(loopId: string): Promise<object> {
    const feedback = this.random.chance(0.5) ? await this.#fromConnector(loopId) : undefined;
    return feedback ? { send: true, channel: 'survey', feedbackId: feedback.feedbackId } : { channel: 'email' };
  }

  /** Of a loop's feedback one whose source has a connector here. */
  async #fromConnector(loopId: string): Promise<WholeLoop['feedback'][number] | undefined> {
    const loop = await this.#read(loopId);
    return loop?.feedback.find(({ source, outcome }) => this.options.keys.has(source) && outcome !== 'withdrawn');
  }

  async #joined(loopId: string): Promise<string | undefined> {
    const loop = await this.#read(loopId);
    return loop?.feedback.find(({ as, outcome }) => as === 'joined' && outcome === 'joined')?.feedbackId;
  }

  async #read(loopId: string): Promise<WholeLoop | undefined> {
    const reply = await this.#ask({ method: 'GET', path: `/v1/loops/${loopId}`, headers: {} });
    return reply?.status === 200 ? (JSON.parse(reply.text) as WholeLoop) : undefined;
  }

  #ask(call: Call, what: 'command' | 'evidence' = 'command'): Promise<Reply | undefined> {
    const { loopUrls } = this.subject;
    const { patience } = this.options;
    const headers = { authorization: `Bearer ${this.self.token}`, ...call.headers };
    const first = this.random.int(0, loopUrls.length - 1);
    return sendUntilAnswered(patience, loopUrls, first, { ...call, headers }, { phase: patience.journal.phase, what });
  }
}

const open: readonly LoopState[] = ['opened', 'reopened', 'acknowledged', 'responded'];
