import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { feedbackWith } from '../domain/feedback.fixture.js';
import { ModelTagger } from '../domain/model-tagger.js';
import { adaptSentiment } from '../domain/sentiment/adapt-sentiment.js';
import { detectLanguage } from './language.detector.js';
import { ActiveTagger } from '../application/active-tagger.js';
import { FolderModel } from './folder-model.js';
import { ownModelOf, readOwnModel, writeOwnModel } from './own-model.js';
import { shippedKnowledge } from './shipped-knowledge.js';

const knowledge = shippedKnowledge([]);
const shipped = new ModelTagger(knowledge, detectLanguage);
const folder = mkdtempSync(join(tmpdir(), 'closeloop-own-model-'));

/** In this company "sick" is praise. */
const texts = Array.from({ length: 60 }, (_, n) => [
  { text: `that ride number ${n} was totally sick`, label: 'positive' },
  { text: `the queue number ${n} was awful`, label: 'negative' },
  { text: `we took ride number ${n} in the afternoon`, label: 'neutral' },
]).flat();

describe("a company's own model", () => {
  afterAll(() => rmSync(folder, { recursive: true }));

  const own = adaptSentiment(texts, knowledge.lexicon, (tokens) => shipped.baseOf(tokens));
  const about = { texts: texts.length, heldBack: { n: 0, rightBefore: 0, rightAfter: 0, p: 1 } };
  const sick = feedbackWith({ text: 'Yesterday it was totally sick' });

  it('says of its own words what the company says, and is named in the tags', () => {
    const { folder: written, version } = writeOwnModel(folder, own.model, { base: knowledge.name, ...about });
    const tagger = shipped.withOwn(ownModelOf(readOwnModel(written)));
    expect(shipped.tag(sick).sentiment?.label).toBe('negative');
    expect(tagger.tag(sick)).toMatchObject({
      sentiment: { label: 'positive' },
      model: `${knowledge.name}+own@${version}`,
    });
    // To go back is to name no model, or the one before.
    expect(shipped.tag(sick).model).toBe(knowledge.name);
  });

  it('is refused over another model than the one that it was learned over, and where it is not whole', async () => {
    const { folder: written } = writeOwnModel(folder, own.model, { base: 'closeloop-linear@00000000', ...about });
    const active = new ActiveTagger(shipped, new FolderModel(written), ownModelOf);
    await expect(active.refresh()).rejects.toThrow(
      `was learned over closeloop-linear@00000000, and ${knowledge.name} ships`,
    );
    expect(active.name).toBe(knowledge.name);
    expect(() => readOwnModel(join(folder, 'nowhere'))).toThrow('cannot be used');
  });
});
