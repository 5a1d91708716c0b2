import { useTeamName } from '../api/teams.js';
import { useText } from '../i18n/text.js';

const loopPriority = (name: string) => `loop.priority.${name}`;

/** Where the message files have the names of values that are a closed list. */
const keys: Readonly<Record<string, (name: string) => string>> = {
  channel: (name) => `loop.channel.${name}`,
  priority: loopPriority,
  urgency: loopPriority,
  state: (name) => `loop.state.${name}`,
  sentiment: (name) => `loop.sentiment.${name}`,
  journeyStage: (name) => `journeyStage.${name}`,
  intent: (name) => `intent.${name}`,
  loopWish: (name) => `loopWish.${name}`,
};

export interface Labels {
  readonly dimension: (dimension: string) => string;
  readonly value: (dimension: string, value: string | null) => string;
  /** Of several dimensions at once, as the name of a line */
  readonly values: (values: Readonly<Record<string, string | null>>) => string;
}

/** What dimensions and their values are called. */
export function useLabels(): Labels {
  const { t, has, locale } = useText();
  const teamName = useTeamName();
  const dimension = (name: string) => (has(`dimension.${name}`) ? t(`dimension.${name}`) : name);
  const value = (of: string, name: string | null): string => {
    if (name === null || name === '') return t('dimension.none');
    if (of === 'team') return teamName(name);
    if (of === 'language') return languageName(name, locale);
    const key = keys[of]?.(name);
    return key !== undefined && has(key) ? t(key) : name;
  };
  return {
    dimension,
    value,
    values: (values) => {
      const said = Object.entries(values).map(([of, name]) => value(of, name));
      return said.length > 0 ? said.join(' · ') : t('metric.all');
    },
  };
}

function languageName(tag: string, locale: string): string {
  try {
    return tag === 'und' ? tag : (new Intl.DisplayNames(locale, { type: 'language' }).of(tag) ?? tag);
  } catch {
    return tag;
  }
}
