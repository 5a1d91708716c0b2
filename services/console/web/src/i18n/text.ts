import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

export interface Text {
  /** A text of the message files, by a key that may be put together: `loop.channel.${name}`. That each is there, a spec holds. */
  readonly t: (key: string, values?: Readonly<Record<string, string | number>>) => string;
  /** Whether there is one */
  readonly has: (key: string) => boolean;
  /** BCP 47, for numbers and dates */
  readonly locale: string;
}

/** Texts by keys that are put together out of what the services answer. */
export function useText(): Text {
  const { t, i18n } = useTranslation();
  return useMemo(
    () => ({
      t: (key, values) => t(key as never, values as never) as unknown as string,
      has: (key) => i18n.exists(key),
      locale: i18n.language,
    }),
    // what `t` speaks changes with the language, and so does it
    [t, i18n],
  );
}
