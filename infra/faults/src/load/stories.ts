import { canonicalJson, deriveId, feedbackIdOf, sha256 } from '@closeloop/contracts';
import { type Random } from '../random.js';
import { poisonOf, inboundPoisonOf } from './poison.js';
import { type Step } from './step.js';

export interface StoriesOptions {
  readonly random: Random;
  readonly source: string;
  /** Part of every external id: no two of one system may be alike */
  readonly prefix: string;
  readonly poison: boolean;
  readonly via: 'http' | 'kafka';
  /** Steps within which one may come before or after its turn */
  readonly window?: number;
}

interface Words {
  readonly text: string;
  readonly rating?: { readonly value: number; readonly scale: number };
}

/** By what routing's seed makes of them: a loop of their own, the customer's open one, none. */
const wordsFor: Record<'open' | 'join' | 'none', readonly Words[]> = {
  open: [
    { text: 'The room was dirty and the towels smelled awful. A terrible stay.', rating: { value: 1, scale: 5 } },
    { text: 'My flight was cancelled and nobody helped me. Horrible and rude service!' },
    { text: 'I was charged twice and the refund never came. This is a disgrace.' },
    { text: 'We waited for an answer.', rating: { value: 2, scale: 5 } },
  ],
  join: [
    { text: 'A question about the invoice of last month: which payment is it for?' },
    { text: 'The app asks for a password on each page.' },
    { text: 'Where is my baggage now?' },
  ],
  none: [
    { text: 'Wonderful stay, lovely and friendly staff. Thank you so much!', rating: { value: 5, scale: 5 } },
    { text: 'Excellent service, we love it and are very happy.' },
  ],
};

/** Customers that feedback is drawn from: few enough that loops are joined. */
const customers = 200;
const epoch = Date.UTC(2026, 0, 1);

/**
 * Feedback without end, deterministic by seed: stories of one feedback each (created, revised, deleted, sent three times, …), woven
 * into each other and shuffled within a window, so that an older revision may come after a newer one.
 */
export function* stories(options: StoriesOptions): Generator<Step, never> {
  const { random, window = 40 } = options;
  const due: { at: number; step: Step }[] = [];
  for (let at = 0, story = 0; ; at++) {
    while (due.length < window) {
      for (const step of storyOf(options, story++)) due.push({ at: at + random.int(0, window), step });
    }
    let next = 0;
    for (let index = 1; index < due.length; index++) if (due[index]!.at < due[next]!.at) next = index;
    yield due.splice(next, 1)[0]!.step;
  }
}

function storyOf(options: StoriesOptions, number: number): Step[] {
  const { random, source, prefix, poison, via } = options;
  const externalId = `${prefix}-${number}`;
  if (poison && random.chance(0.05)) {
    return via === 'kafka' ? [inboundPoisonOf(random, source, externalId)] : [poisonOf(random, source, externalId)];
  }
  const told = new Teller(options, externalId, number);
  const fate = random.int(0, 99);
  // sent once
  if (fate < 40) return [told.created({})];
  // by its content alone, with an Idempotency-Key for an id
  if (fate < 45 && via === 'http') return [told.nameless()];
  // the same three times
  if (fate < 60) return Array.from({ length: 3 }, () => told.created({}));
  // revised up to three times, and each of them maybe twice
  if (fate < 82) {
    const steps = [told.created({ updated: 0 })];
    const revisions = random.int(1, 3);
    for (let revision = 1; revision <= revisions; revision++) {
      const step = told.revised(revision);
      steps.push(step, ...(random.chance(0.3) ? [step] : []));
    }
    return steps;
  }
  // deleted after it was created, or before, as the shuffle has it
  if (fate < 90) return [told.created({ updated: 0 }), told.deleted(1)];
  // the creation is what came last by its time: it must not come back
  if (fate < 94) return [told.deleted(5), told.created({ updated: 1 }), told.revised(2)];
  // brought back after its deletion
  if (fate < 97) return [told.created({ updated: 0 }), told.deleted(1), told.revised(2)];
  // a deletion that names no time; in Kafka every one does, so that what is to come of it can be told from the log alone
  return [told.created({ updated: 0 }), told.deleted(via === 'kafka' ? 1 : undefined)];
}

/** Tells the steps of one feedback, so that their contentHash can be told as well: no member is empty, every time is UTC. */
class Teller {
  readonly #random: Random;
  readonly #wish: 'open' | 'join' | 'none';
  readonly #customerKey: string;

  constructor(
    private readonly options: StoriesOptions,
    private readonly externalId: string,
    private readonly number: number,
  ) {
    this.#random = options.random;
    this.#wish = this.#random.pick(['open', 'open', 'join', 'join', 'none']);
    this.#customerKey = `${options.source}-customer-${this.#random.int(1, customers)}`;
  }

  created({ updated }: { updated?: number }): Step {
    return this.#step('created', this.#words(this.#wish, 0), updated);
  }

  /** `revision`: minutes after the creation, and what makes its text another */
  revised(revision: number): Step {
    const wish = this.#random.chance(0.7) ? this.#wish : this.#random.pick(['open', 'join', 'none'] as const);
    return this.#step('updated', this.#words(wish, revision), revision);
  }

  deleted(updated: number | undefined): Step {
    return this.#step('deleted', {}, updated);
  }

  nameless(): Step {
    const key = `${this.externalId}-${this.#random.int(0, 1_000_000)}`;
    const step = this.#step('created', this.#words(this.#wish, 0), undefined, key);
    return { ...step, idempotencyKey: key };
  }

  #words(wish: keyof typeof wordsFor, revision: number): object {
    const { text, rating } = wordsFor[wish][this.number % wordsFor[wish].length]!;
    return { text: `${text} (${revision})`, ...(rating && { rating }) };
  }

  #step(kind: 'created' | 'updated' | 'deleted', said: object, updated: number | undefined, key?: string): Step {
    const { source } = this.options;
    const at = (minutes: number): string =>
      new Date(epoch + (this.number % 100_000) * 1000 + minutes * 60_000).toISOString();
    const feedbackId = key === undefined ? feedbackIdOf(source, this.externalId) : deriveId(source, key, '0');
    const content = {
      ...said,
      channel: 'survey',
      customerKey: this.#customerKey,
      occurredAt: at(-60),
      ...(updated !== undefined && { updatedAt: at(updated) }),
      ...(key === undefined && { externalId: this.externalId }),
      source,
      kind,
    };
    return {
      body: JSON.stringify(content),
      key: JSON.stringify([source, this.externalId]),
      notes: {
        source,
        kind,
        feedbackId,
        contentHash: sha256(canonicalJson({ ...content, historic: false, feedbackId })),
        ...(updated !== undefined && { updatedAt: at(updated) }),
      },
    };
  }
}
