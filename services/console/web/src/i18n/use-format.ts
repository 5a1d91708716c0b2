import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import {
  formatAgo,
  formatDay,
  formatInstant,
  formatLanguage,
  formatNumber,
  formatShare,
  formatSpan,
} from './format.js';

type Instant = string | Date;
const dateOf = (at: Instant): Date => (typeof at === 'string' ? new Date(at) : at);

/** Dates and numbers as the language that is spoken writes them. */
export function useFormat() {
  const { language } = useTranslation().i18n;
  return useMemo(
    () => ({
      span: (ms: number) => formatSpan(ms, language),
      ago: (at: Instant, now: Date = new Date()) => formatAgo(dateOf(at), now, language),
      day: (at: Instant) => formatDay(dateOf(at), language),
      instant: (at: Instant) => formatInstant(dateOf(at), language),
      number: (value: number, digits?: number) => formatNumber(value, language, digits),
      share: (share: number, digits?: number) => formatShare(share, language, digits),
      language: (tag: string) => formatLanguage(tag, language),
    }),
    [language],
  );
}
