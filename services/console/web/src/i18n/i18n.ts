import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import type messages from '../../messages/en.json';
import { preferredLanguage, type Language } from './languages.js';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'messages';
    resources: { messages: typeof messages };
  }
}

const kept = 'closeloop.language';
const loaders: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import('../../messages/en.json'),
  de: () => import('../../messages/de.json'),
};

/** Ready when the texts of the language are there; the other language is fetched when it is asked for. */
export async function startI18n(): Promise<i18n> {
  const language = preferredLanguage(localStorage.getItem(kept), navigator.languages);
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { messages: (await loaders[language]()).default } },
    defaultNS: 'messages',
    // React escapes by itself
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = language;
  return i18next;
}

export async function speak(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'messages')) {
    i18next.addResourceBundle(language, 'messages', (await loaders[language]()).default);
  }
  localStorage.setItem(kept, language);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}
