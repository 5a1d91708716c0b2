import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LoopStore } from '../domain/loop-store.js';
import { mayRead, mayWriteTemplates, type Person } from '../domain/permission.js';
import { render, violationsOf, type TemplateBody, type Value, type Violation } from '../domain/template.js';
import { TemplateStore, type Template, type TemplateRefused } from '../domain/template-store.js';
import { knownValuesOf, languageOf } from './known-values.js';

/** Most templates of a team. */
const mostOfTeam = 500;

type Refused =
  | TemplateRefused
  | { readonly kind: 'not-yours' }
  | { readonly kind: 'invalid'; readonly violations: readonly Violation[] };

export type TemplateResult = { readonly kind: 'kept'; readonly template: Template } | Refused;
export type RenderResult =
  | {
      readonly kind: 'rendered';
      readonly text: string;
      readonly language: string;
      readonly wanted?: string;
      readonly isFallback: boolean;
    }
  | Refused;

/** What a team says again and again: managers and admins write it, whoever answers for the team uses it. */
@Injectable()
export class UseTemplates {
  constructor(
    private readonly templates: TemplateStore,
    private readonly loops: LoopStore,
  ) {}

  async list(person: Person, team: string): Promise<Template[] | undefined> {
    return mayRead(person, { team }) ? this.templates.list(team) : undefined;
  }

  async one(person: Person, team: string, templateId: string): Promise<Template | undefined> {
    return mayRead(person, { team }) ? this.templates.find(team, templateId) : undefined;
  }

  async create(person: Person, team: string, name: string, body: TemplateBody): Promise<TemplateResult> {
    const refused = this.refusalOf(person, body);
    if (refused) return refused;
    const given = { templateId: randomUUID(), team, name, ...body };
    const template = await this.templates.create(person, given, mostOfTeam);
    return template ? { kind: 'kept', template } : { kind: 'name-taken' };
  }

  async replace(
    person: Person,
    { team, templateId }: { team: string; templateId: string },
    expected: number,
    name: string,
    body: TemplateBody,
  ): Promise<TemplateResult> {
    const refused = this.refusalOf(person, body);
    if (refused) return refused;
    const given = { templateId, team, name, ...body };
    const result = await this.templates.replace(person, given, expected);
    return result.kind === 'replaced' ? { kind: 'kept', template: result.template } : result;
  }

  async remove(person: Person, team: string, templateId: string, expected: number) {
    if (!mayWriteTemplates(person)) return { kind: 'not-yours' } as const;
    return this.templates.remove(person, team, templateId, expected);
  }

  /** Its text for the customer of a loop of that team; it is not sent, and changes nothing. */
  async render(
    person: Person,
    { team, templateId }: { team: string; templateId: string },
    { loopId, feedbackId, variables }: { loopId: string; feedbackId?: string; variables: Record<string, Value> },
  ): Promise<RenderResult> {
    const template = await this.one(person, team, templateId);
    if (!template) return { kind: 'unknown' };
    return this.loops.run<RenderResult>(async (tx) => {
      const loop = await tx.find(loopId);
      const feedback = loop && mayRead(person, loop) ? await tx.feedbackOf(loopId) : [];
      const answered =
        feedbackId === undefined ? feedback[0] : feedback.find((one) => one.feedback.feedbackId === feedbackId);
      if (!loop || !answered || loop.team !== team) {
        const message = 'The team has no such loop, or the loop no such feedback.';
        return {
          kind: 'invalid',
          violations: [{ pointer: feedbackId === undefined ? '/loopId' : '/feedbackId', rule: 'known', message }],
        };
      }
      const wanted = languageOf(answered);
      const rendered = render(template, wanted, variables, knownValuesOf(loop, answered));
      return rendered.kind === 'rendered' && wanted !== undefined ? { ...rendered, wanted } : rendered;
    });
  }

  private refusalOf(person: Person, body: TemplateBody): Refused | undefined {
    if (!mayWriteTemplates(person)) return { kind: 'not-yours' };
    const violations = violationsOf(body);
    return violations.length > 0 ? { kind: 'invalid', violations: violations.slice(0, 50) } : undefined;
  }
}
