import { likeliestLanguage, type DetectLanguage, type LanguageModel } from '../domain/language/judge-language.js';
import { emoticons } from '../domain/sentiment/lexicon.js';
import { tokensOf } from '../domain/text/tokens.js';

/** A detector that says what is known already: of a text that was tagged before, so that eld and its tables are not needed. */
export class KnownLanguage {
  /** BCP 47, of the text that is judged next */
  known = 'und';

  constructor(private readonly model: LanguageModel) {}

  /** Reliable only for languages that the model does not tell itself; of what was undetermined it guesses what the model does. */
  readonly detect: DetectLanguage = (words) => {
    if (this.known === 'und')
      return { language: likeliestLanguage(tokensOf(words, emoticons), this.model), reliable: false };
    return { language: this.known, reliable: !this.model.linear.classes.includes(this.known) };
  };
}
