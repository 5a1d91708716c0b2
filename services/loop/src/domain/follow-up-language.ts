import { ar } from './follow-up-texts/ar.js';
import { de } from './follow-up-texts/de.js';
import { en } from './follow-up-texts/en.js';
import { es } from './follow-up-texts/es.js';
import { fr } from './follow-up-texts/fr.js';
import { it } from './follow-up-texts/it.js';
import { nl } from './follow-up-texts/nl.js';
import { pt } from './follow-up-texts/pt.js';
import { type FollowUpTexts } from './follow-up-texts/texts.js';

/** Every language that a customer is asked in; another one is a file beside these. */
export const followUpTexts: readonly FollowUpTexts[] = [en, de, fr, es, it, pt, nl, ar];

/** The texts of a language, whatever region or script it names; English where there are none. */
export function textsOf(language: string | undefined): FollowUpTexts {
  const primary = language?.split('-', 1)[0]?.toLowerCase();
  return followUpTexts.find((texts) => texts.language === primary) ?? en;
}

/** Puts values into the places of a text: `{name}`. */
export const filled = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
