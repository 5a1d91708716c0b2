import { Badge } from '@mantine/core';
import { useText } from '../i18n/text.js';

const colours = { draft: 'yellow', active: 'teal', retired: 'gray' } as const;

/** Whether a rule set decides, did, or may. */
export function RuleSetState({ state }: { readonly state: keyof typeof colours }) {
  const { t } = useText();
  return (
    <Badge variant="light" color={colours[state]}>
      {t(`ruleSet.${state}`)}
    </Badge>
  );
}
