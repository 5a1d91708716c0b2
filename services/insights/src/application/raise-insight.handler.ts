import { Injectable } from '@nestjs/common';
import { canonicalJson, deriveId, maxEvidence, type InsightAbout } from '@closeloop/contracts';
import { type ProblemError } from '@closeloop/platform';
import { decideInsight, evolveInsight, InsightRefusal, type Insight, type Raiser } from '../domain/insight.js';
import { OuterLoopStore, type KnownEvidence, type OuterLoopTransaction } from '../domain/outer-loop-store.js';
import { seesAll, type Person } from '../domain/outer-loop-permission.js';
import { ownerOf, type Ownership } from '../domain/ownership.js';

/**
 * What is claimed, as somebody gives it. `team`: who is to answer it, where that is not for the table of ownership to say; `usualTeam`: where
 * no rule of the table names a team
 */
export interface GivenInsight {
  readonly title: string;
  readonly claim: string;
  readonly about: InsightAbout;
  readonly team?: string;
  readonly usualTeam?: string;
  readonly loopIds: readonly string[];
  readonly feedbackIds: readonly string[];
}

export type RaiseResult =
  | { readonly kind: 'raised' | 'known'; readonly insight: Insight }
  | { readonly kind: 'invalid'; readonly errors: readonly ProblemError[] };

/** A claim from the loops at hand goes to the team that can change what it is about. The same claim of the same person is one. */
@Injectable()
export class RaiseInsight {
  constructor(private readonly store: OuterLoopStore) {}

  /** A person raises what they have seen: agents from the loops and feedback of their own teams. */
  byPerson(person: Person, given: GivenInsight): Promise<RaiseResult> {
    return this.store.run(async (tx, now) => {
      const known = await tx.known(given);
      const errors = evidenceErrors(person, given, known);
      if (errors.length > 0) return { kind: 'invalid', errors };
      const team = teamOf(person, known);
      const raisedBy: Raiser = { kind: 'agent', id: person.subject, ...(team !== undefined && { team }) };
      const loops = [...given.loopIds].sort();
      const feedback = [...given.feedbackIds].sort();
      const said = canonicalJson([given.title, given.claim, given.about, loops, feedback]);
      return this.raise(tx, now, deriveId('insight', person.subject, said), given, raisedBy, known, person);
    });
  }

  /**
   * The system raises what it has noticed, once for each occasion. Evidence that is not known here, or too much, is left out.
   * @param noticedBy what of the system: `emerging`, `drivers`… @param occasion tells it from others of the same kind
   */
  bySystem(noticedBy: string, occasion: string, given: GivenInsight): Promise<RaiseResult> {
    return this.store.run(async (tx, now) => {
      const named = {
        loopIds: given.loopIds.slice(0, maxEvidence),
        feedbackIds: given.feedbackIds.slice(0, maxEvidence),
      };
      const known = await tx.known(named);
      const evidence = {
        loopIds: known.loops.map(({ loopId }) => loopId),
        feedbackIds: known.feedback.map(({ feedbackId }) => feedbackId),
      };
      const raisedBy: Raiser = { kind: 'system', id: noticedBy };
      return this.raise(
        tx,
        now,
        deriveId('insight', 'system', noticedBy, occasion),
        { ...given, ...evidence },
        raisedBy,
        known,
      );
    });
  }

  private async raise(
    tx: OuterLoopTransaction,
    now: Date,
    insightId: string,
    { title, claim, about, team, usualTeam, loopIds, feedbackIds }: GivenInsight,
    raisedBy: Raiser,
    { since }: KnownEvidence,
    person?: Person,
  ): Promise<RaiseResult> {
    await tx.lockRaising(insightId);
    const before = (await tx.lockInsights([insightId])).get(insightId);
    if (before) return { kind: 'known', insight: before };
    const decided = decideInsight(undefined, {
      ...{ type: 'raise', at: now, actor: { kind: raisedBy.kind, id: raisedBy.id }, insightId, title, claim, about },
      team: team ?? ownerOf(about, withUsual(await tx.ownership(), usualTeam)),
      evidence: { loopIds, feedbackIds, ...(since && { since }) },
      raisedBy,
    });
    if (decided instanceof InsightRefusal) {
      return { kind: 'invalid', errors: [{ pointer: '/loopIds', rule: decided.reason, message: decided.message }] };
    }
    const insight = evolveInsight(undefined, decided);
    await tx.saveInsight(insight, decided);
    if (person) {
      await tx.audit({
        ...{ by: person, action: 'insight.raised', resource: { kind: 'insight', id: insightId } },
        after: { team: insight.team, loops: loopIds.length, feedback: feedbackIds.length },
        words: { title, claim },
      });
    }
    return { kind: 'raised', insight };
  }
}

const withUsual = (ownership: Ownership, usualTeam: string | undefined): Ownership =>
  usualTeam === undefined ? ownership : { ...ownership, defaultTeam: usualTeam };

/** What is named and not known here, or of another team: both read the same to who may not see it. */
function evidenceErrors(person: Person, given: GivenInsight, known: KnownEvidence): ProblemError[] {
  const isTheirs = (team: string | undefined): boolean =>
    seesAll(person) || (team !== undefined && person.teams.includes(team));
  const loops = new Set(known.loops.flatMap(({ loopId, team }) => (isTheirs(team) ? [loopId] : [])));
  const feedback = new Set(known.feedback.flatMap(({ feedbackId, team }) => (isTheirs(team) ? [feedbackId] : [])));
  const errors = (name: string, ids: readonly string[], there: ReadonlySet<string>, what: string): ProblemError[] =>
    ids.flatMap((id, index) =>
      there.has(id)
        ? []
        : [{ pointer: `/${name}/${index}`, rule: 'known', message: `${name}[${index}]: there is no such ${what}` }],
    );
  return [
    ...errors('loopIds', given.loopIds, loops, 'loop'),
    ...errors('feedbackIds', given.feedbackIds, feedback, 'feedback'),
  ].slice(0, 50);
}

/** The team in which it was noticed: that of most of the evidence, as far as the person is in it, else the person's first. */
function teamOf({ teams }: Person, { loops, feedback }: KnownEvidence): string | undefined {
  const counts = new Map<string, number>();
  for (const { team } of [...loops, ...feedback]) {
    if (team !== undefined && teams.includes(team)) counts.set(team, (counts.get(team) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
  return most?.[0] ?? teams[0];
}
