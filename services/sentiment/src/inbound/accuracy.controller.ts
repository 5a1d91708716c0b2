import { ForPeople, invalid } from '@closeloop/platform';
import { Controller, Get, Query } from '@nestjs/common';
import { type Accuracy, accuracyOf } from '../domain/correction/tagger-accuracy.js';
import { TaggedStore } from '../domain/tagged-store.js';

const weekMs = 7 * 86_400_000;
const usualWeeks = 26;
const mostWeeks = 260;

interface AccuracyWeek {
  readonly week: string;
  readonly parts: Record<string, Accuracy>;
}

/** How often the tagger was right, by what people have said of its tags. */
@Controller('v1/accuracy')
@ForPeople('manager', 'admin')
export class AccuracyController {
  constructor(private readonly store: TaggedStore) {}

  @Get()
  async read(@Query('weeks') weeks: unknown): Promise<{ weeks: readonly AccuracyWeek[] }> {
    const told = new Map<string, AccuracyWeek>();
    for (const { week, part, n, right } of await this.store.judgedByWeek(firstDayOf(weeksOf(weeks)))) {
      const of = told.get(week) ?? { week, parts: {} };
      of.parts[part] = accuracyOf(right, n);
      told.set(week, of);
    }
    return { weeks: [...told.values()] };
  }
}

/** @throws Problem `invalid` */
function weeksOf(text: unknown): number {
  if (text === undefined) return usualWeeks;
  const weeks = typeof text === 'string' && /^[1-9]\d{0,2}$/.test(text) ? Number(text) : 0;
  if (weeks < 1 || weeks > mostWeeks) throw invalid('/weeks', 'max', `weeks must be 1 to ${mostWeeks}.`);
  return weeks;
}

/** The Monday, UTC, on which the first of so many weeks began: each is told whole. */
function firstDayOf(weeks: number): Date {
  const now = new Date();
  const weekday = (now.getUTCDay() + 6) % 7;
  const monday = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() - weekday);
  return new Date(monday - (weeks - 1) * weekMs);
}
