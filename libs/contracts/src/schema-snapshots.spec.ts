import { describe, expect, it } from '@jest/globals';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { IsNullable, Nested } from './decorators.js';
import { breakingChanges } from './compatibility.js';
import { declareEvent, type EventDeclaration } from './event-declaration.js';
import { Rating } from './feedback.js';
import { jsonSchemaOf } from './json-schema.js';
import { directionOf, events } from './pipeline.js';
import { breakagesOf, currentSnapshots, staleFiles, type Snapshots } from './schema-snapshots.js';

class Inner {
  @IsString() @MaxLength(10) name!: string;
}
class Before {
  @IsString() @MaxLength(10) text!: string;
  @IsOptional() @IsIn(['a', 'b']) choice?: string;
  @IsInt() @Min(0) @Max(9) count!: number;
  @IsOptional() @Nested(() => Inner) inner?: Inner;
  @Matches(/^a/) code!: string;
}

/** The same with one property declared otherwise. */
const changed = (name: keyof Before, ...decorators: PropertyDecorator[]): new () => object => {
  const unchanged: Record<keyof Before, PropertyDecorator[]> = {
    text: [IsString(), MaxLength(10)],
    choice: [IsOptional(), IsIn(['a', 'b'])],
    count: [IsInt(), Min(0), Max(9)],
    inner: [IsOptional(), Nested(() => Inner)],
    code: [Matches(/^a/)],
  };
  class After {}
  for (const [property, own] of Object.entries(unchanged))
    for (const decorate of property === name ? decorators : own) decorate(After.prototype, property);
  return After;
};

const added = (...decorators: PropertyDecorator[]): new () => object => {
  class After extends Before {}
  for (const decorate of decorators) decorate(After.prototype, 'extra');
  return After;
};

const innerWith = (...decorators: PropertyDecorator[]): new () => object => {
  const Other = class Inner {};
  for (const decorate of decorators) decorate(Other.prototype, 'name');
  return changed(
    'inner',
    IsOptional(),
    Nested(() => Other),
  );
};

const changesOf = (after: new () => object, direction: 'offered' | 'produced'): string[] => {
  const options = { unknownProperties: direction === 'offered' ? 'refuse' : 'ignore' } as const;
  return breakingChanges(jsonSchemaOf(Before, options), jsonSchemaOf(after, options), direction);
};

describe('breakingChanges', () => {
  it('finds nothing between a class and itself', () => {
    expect(changesOf(Before, 'offered')).toEqual([]);
    expect(changesOf(Before, 'produced')).toEqual([]);
  });

  it.each<[string, new () => object, RegExp]>([
    ['a removed property', changed('text'), /^\/text: removed$/],
    ['an optional property that is newly required', changed('choice', IsIn(['a', 'b'])), /^\/choice: newly required$/],
    ['a new required property', added(IsString()), /^\/extra: new and required$/],
    ['another type', changed('text', IsInt()), /^\/text: no longer of type string$/],
    ['null no longer taken', changed('choice', IsIn(['a', 'b'])), /^\/choice: no longer one of null$/],
    ['a lost value of an enum', changed('choice', IsOptional(), IsIn(['a'])), /^\/choice: no longer one of "b"$/],
    ['a shorter text', changed('text', IsString(), MaxLength(9)), /^\/text: maxLength is narrower: 10 → 9$/],
    [
      'a bound where there was none',
      changed('code', Matches(/^a/), MaxLength(5)),
      /^\/code: maxLength is narrower: none → 5$/,
    ],
    ['a higher least value', changed('count', IsInt(), Min(1), Max(9)), /^\/count: minimum is narrower: 0 → 1$/],
    ['a lower greatest value', changed('count', IsInt(), Min(0), Max(8)), /^\/count: maximum is narrower: 9 → 8$/],
    ['another pattern', changed('code', Matches(/^b/)), /^\/code: pattern changed/],
    ['a narrower nested object', innerWith(IsString(), MaxLength(3)), /^\/inner\/name: maxLength is narrower: 10 → 3$/],
  ])('breaks both directions: %s', (_name, after, expected) => {
    expect(changesOf(after, 'offered')).toContainEqual(expect.stringMatching(expected));
    expect(changesOf(after, 'produced')).toContainEqual(expect.stringMatching(expected));
  });

  it.each<[string, new () => object, RegExp]>([
    [
      'a property that is no longer always there',
      changed('text', IsOptional(), IsString(), MaxLength(10)),
      /^\/text: no longer always there$/,
    ],
    [
      'null where there was none',
      changed('count', IsNullable(), IsInt(), Min(0), Max(9)),
      /^\/count: may now be of type null$/,
    ],
    ['a new value of an enum', changed('choice', IsOptional(), IsIn(['a', 'b', 'c'])), /^\/choice: may now be "c"$/],
    ['a longer text', changed('text', IsString(), MaxLength(11)), /^\/text: maxLength is wider: 10 → 11$/],
    ['a bound given up', changed('count', IsInt(), Min(0)), /^\/count: maximum is wider: 9 → none$/],
    ['a pattern given up', changed('code', IsString()), /^\/code: pattern changed: .* → none$/],
    ['a wider nested object', innerWith(IsString(), MaxLength(11)), /^\/inner\/name: maxLength is wider: 10 → 11$/],
  ])('breaks readers only: %s', (_name, after, expected) => {
    expect(changesOf(after, 'produced')).toContainEqual(expect.stringMatching(expected));
    expect(changesOf(after, 'offered')).toEqual([]);
  });

  it('lets a new optional property pass, in both directions', () => {
    const after = added(
      IsOptional(),
      Nested(() => Rating),
    );
    expect(changesOf(after, 'offered')).toEqual([]);
    expect(changesOf(after, 'produced')).toEqual([]);
  });

  it('finds unknown properties that are refused from now on', () => {
    const open = jsonSchemaOf(Before, { unknownProperties: 'ignore' });
    expect(breakingChanges(open, jsonSchemaOf(Before), 'offered')).toContain(': unknown properties are now refused');
  });
});

describe('snapshots', () => {
  const without = (snapshots: Snapshots, file: string): Snapshots =>
    Object.fromEntries(Object.entries(snapshots).filter(([name]) => name !== file));
  const [offered, produced] = events as [EventDeclaration, EventDeclaration];
  const redeclared = (event: EventDeclaration, data: new () => object): EventDeclaration[] =>
    events.map((declared) => (declared === event ? declareEvent({ ...event, data }) : declared));

  it('of today break nothing of today and are not stale', () => {
    expect(breakagesOf(currentSnapshots())).toEqual([]);
    expect(staleFiles(currentSnapshots(), currentSnapshots())).toEqual([]);
  });

  it('show the direction of each event', () => {
    expect(events.map((event) => [event.topic, directionOf(event)])).toEqual([
      ['feedback.inbound.v1', 'offered'],
      ['feedback.received.v1', 'produced'],
      ['reply-sent.v1', 'produced'],
      ['reply-failed.v1', 'produced'],
      ['feedback.tagged.v1', 'produced'],
      ['feedback.routed.v1', 'produced'],
      ['loop.changed.v1', 'produced'],
      ['reply-requested.v1', 'produced'],
      ['notice-settled.v1', 'produced'],
      ['insight.raised.v1', 'produced'],
      ['insight.changed.v1', 'produced'],
      ['notice-requested.v1', 'produced'],
    ]);
  });

  it('name the event and the place of what breaks', () => {
    const breakages = breakagesOf(currentSnapshots(), redeclared(produced, Before));
    expect(breakages).toContain(`${produced.topic}/feedbackId: removed`);
    expect(breakages).toContain(`${produced.topic}/count: new and required`);
    expect(breakagesOf(currentSnapshots(), redeclared(offered, Before))).toContain(`${offered.topic}/source: removed`);
  });

  it('miss an event that is declared no more', () => {
    expect(breakagesOf(currentSnapshots(), events.slice(1))).toEqual([
      `${offered.topic}.json: no event is declared for it any more`,
    ]);
  });

  it('are stale where a file is missing, changed, or too many', () => {
    const current = currentSnapshots();
    expect(staleFiles(without(current, 'asyncapi.json'), current)).toEqual(['asyncapi.json']);
    expect(staleFiles({ ...current, 'asyncapi.json': '{}\n' }, current)).toEqual(['asyncapi.json']);
    expect(staleFiles({ ...current, 'old.json': '{}\n' }, current)).toEqual(['old.json']);
  });
});
