import { describe, expect, it } from '@jest/globals';
import { detectLanguage } from '../../infrastructure/language.detector.js';
import { readModels } from '../../infrastructure/model-files.js';
import { modelFolder } from '../../infrastructure/shipped-files.js';
import { emoticons } from '../sentiment/lexicon.js';
import { tokensOf } from '../text/tokens.js';
import { judgeLanguage } from './judge-language.js';

const { language } = readModels(modelFolder);
const judge = (text: string, hint?: string) =>
  judgeLanguage(text, tokensOf(text, emoticons), hint, language, detectLanguage);

describe('judgeLanguage', () => {
  it.each([
    ['en', 'The crew was friendly but our bags arrived two days late'],
    ['de', 'Das Zimmer war sauber, aber das Frühstück leider eine Enttäuschung'],
    ['es', 'El vuelo salió con tres horas de retraso y nadie nos dijo nada'],
    ['fr', "Le personnel de l'hôtel était très accueillant et le petit déjeuner délicieux"],
    ['pt', 'O quarto estava sujo e ninguém na recepção quis ajudar'],
    ['it', 'La camera era sporca e nessuno alla reception ci ha voluto aiutare'],
    ['nl', 'De kamer was vies en niemand bij de receptie wilde ons helpen'],
  ])('given a clear text: says %s, and that it is sure', (tag, text) => {
    const judgement = judge(text);
    expect(judgement.tag).toBe(tag);
    expect(judgement.confidence).toBeGreaterThan(0.9);
  });

  it.each(['ok', 'Thanks!', '👍👍👍', '12345', '@airline https://example.org/x', '...'])(
    'given %j, in which no language can be told: says und with low confidence',
    (text) => {
      const judgement = judge(text);
      expect(judgement.tag).toBe('und');
      expect(judgement.confidence).toBeLessThanOrEqual(0.2);
    },
  );

  it('given a text of two languages: says und, though the source names one', () => {
    const mixed =
      'The room was lovely and the breakfast was great. Das Frühstück war leider kalt und der Kaffee schrecklich.';
    expect(judge(mixed).tag).toBe('und');
    expect(judge(mixed, 'en').tag).toBe('und');
  });

  it('given a hint and a text that is too short: takes the hint, less sure than of a long text', () => {
    expect(judge('ok', 'de-AT')).toMatchObject({ tag: 'de', confidence: 0.8 });
  });

  it('given a hint that a clear text contradicts: believes the text', () => {
    expect(judge('The crew was friendly but our bags arrived two days late', 'de').tag).toBe('en');
  });
});
