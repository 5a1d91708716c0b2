import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nearest, render, textFor, variableTypes, violationsOf, type TemplateBody } from './template.js';

const body: TemplateBody = {
  variables: [
    { name: 'amount', type: 'money', required: true },
    { name: 'until', type: 'date', required: true },
    { name: 'hint', type: 'text', required: false, maxLength: 10 },
    { name: 'how', type: 'choice', required: false, values: ['card', 'cash'] },
    { name: 'link', type: 'url', required: false },
    { name: 'count', type: 'number', required: false },
  ],
  texts: [
    {
      language: 'en',
      text: 'Dear {{customerName}}, you get {{amount}} by {{ until }}. {{hint}}{{link}}{{how}}{{count}}',
    },
    { language: 'de', text: 'Hallo {{customerName}}, Sie erhalten {{amount}} bis {{until}}. {{count}}' },
    { language: 'pt-BR', text: 'Olá {{customerName}}, {{amount}} até {{until}}.' },
  ],
  fallback: 'en',
};
const given = { amount: '1234.50 EUR', until: '2026-03-09' };
const known = { customerName: 'Ana' };

describe('a template', () => {
  it('may be kept', () => expect(violationsOf(body)).toEqual([]));

  it('says of an unknown variable where it stands, and what it may be meant to be', () => {
    const texts = [{ language: 'en', text: 'Dear {{customerName}},\nyou get {{amont}} {{zzz}}' }];
    expect(violationsOf({ ...body, texts })).toEqual([
      {
        pointer: '/texts/0/text',
        rule: 'unknownVariable',
        message: 'line 2, column 9: amont is not declared; is it amount?',
      },
      { pointer: '/texts/0/text', rule: 'unknownVariable', message: 'line 2, column 19: zzz is not declared.' },
    ]);
  });

  it.each([
    '{{',
    'a {{ b',
    '{{}}',
    '{{a b}}',
    '{{#if x}}',
    '{{{x}}}',
    '{{constructor.name}}',
    '{{Name}}',
    '{{x|upper}}',
  ])('has names in braces and nothing else: %s', (text) => {
    const [violation] = violationsOf({ ...body, texts: [{ language: 'en', text }] });
    expect(violation).toMatchObject({ pointer: '/texts/0/text', rule: 'syntax' });
    expect(violation!.message).toMatch(/line 1, column \d+/);
  });

  it('declares each variable once, in a way that makes sense', () => {
    const rules = (variable: object) =>
      violationsOf({ ...body, variables: [...body.variables, { required: false, ...variable } as never] }).map(
        ({ pointer, rule }) => [pointer, rule],
      );
    expect(rules({ name: 'amount', type: 'text' })).toEqual([['/variables/6/name', 'unique']]);
    expect(rules({ name: 'customerName', type: 'text' })).toEqual([['/variables/6/name', 'wellKnown']]);
    expect(rules({ name: 'A b', type: 'text' })).toEqual([['/variables/6/name', 'matches']]);
    expect(rules({ name: 'x', type: 'choice' })).toEqual([['/variables/6/values', 'isDefined']]);
    expect(rules({ name: 'x', type: 'text', values: ['a'] })).toEqual([['/variables/6/values', 'type']]);
    expect(rules({ name: 'x', type: 'date', maxLength: 3 })).toEqual([['/variables/6/maxLength', 'type']]);
  });

  it('has its fallback among its languages, and each language once', () => {
    expect(violationsOf({ ...body, fallback: 'fr' })).toMatchObject([{ pointer: '/fallback' }]);
    const twice = [...body.texts, { language: 'DE', text: 'x' }, { language: 'no language', text: 'x' }];
    expect(violationsOf({ ...body, texts: twice })).toMatchObject([
      { pointer: '/texts/3/language', rule: 'unique' },
      { pointer: '/texts/4/language', rule: 'language' },
    ]);
  });
});

describe('the language of the customer', () => {
  it.each([
    ['en', 'en'],
    ['de-AT', 'de'],
    ['DE', 'de'],
    ['pt', 'pt-BR'],
    ['pt-PT', 'pt-BR'],
    ['ja', 'en'],
    ['nonsense tag', 'en'],
    [undefined, 'en'],
  ])('%s is answered in %s', (wanted, language) => {
    expect(textFor(body, wanted).language).toBe(language);
  });
});

describe('a text', () => {
  it('writes money, days and numbers as its language does, and says in which that is', () => {
    expect(render(body, 'en-US', { ...given, count: 1234.5 }, known)).toEqual({
      ...{ kind: 'rendered', language: 'en', isFallback: false },
      text: 'Dear Ana, you get €1,234.50 by March 9, 2026. 1,234.5',
    });
    expect(render(body, 'de-AT', { ...given, count: 1234.5 }, known)).toEqual({
      ...{ kind: 'rendered', language: 'de', isFallback: false },
      text: 'Hallo Ana, Sie erhalten 1.234,50\u00a0€ bis 9. März 2026. 1.234,5',
    });
    expect(render(body, 'ja', given, known)).toMatchObject({ language: 'en', isFallback: true });
  });

  it('needs what is required and used; what a person gives counts before what is known', () => {
    expect(render(body, 'en', { amount: '1 EUR' }, {})).toMatchObject({
      kind: 'invalid',
      violations: [
        { pointer: '/variables/until', rule: 'isDefined' },
        { pointer: '/variables/customerName', rule: 'isDefined' },
      ],
    });
    expect(render(body, 'en', { ...given, customerName: 'Señora' }, known)).toMatchObject({
      text: expect.stringContaining('Dear Señora,'),
    });
  });

  it.each([
    ['amount', 12],
    ['amount', '12'],
    ['amount', '12 XYZ'],
    ['amount', '1e3 EUR'],
    ['until', '2026-02-30'],
    ['until', 'tomorrow'],
    ['hint', 'far too long for it'],
    ['hint', 7],
    ['how', 'gold'],
    ['link', 'javascript:alert(1)'],
    ['link', 'not an address'],
    ['count', '7'],
    ['count', true],
    ['amuont', '1 EUR'],
    ['__proto__x', 'a'],
  ])('does not take for %s: %j', (name, value) => {
    const result = render(body, 'en', { ...given, [name]: value }, known);
    expect(result).toMatchObject({ kind: 'invalid', violations: [{ pointer: `/variables/${name}` }] });
  });

  it('takes nothing in a value for a template, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (name) => {
        const result = render(body, 'de', given, { customerName: `{{amount}}${name}}}` });
        expect(result).toMatchObject({ text: expect.stringContaining(`Hallo {{amount}}${name}}}, Sie`) });
      }),
    );
  });

  it('is no longer than a reply may be', () => {
    const long = { ...body, texts: [{ language: 'en', text: '{{customerName}}'.repeat(20) }] };
    expect(render(long, 'en', {}, { customerName: 'x'.repeat(900) })).toMatchObject({
      kind: 'invalid',
      violations: [{ rule: 'length' }],
    });
  });
});

describe('the nearest names', () => {
  it('are few, and near', () => {
    expect(nearest('custmerName', ['customerName', 'channel', 'team'])).toEqual(['customerName']);
    expect(nearest('x', variableTypes)).toEqual([]);
  });
});
