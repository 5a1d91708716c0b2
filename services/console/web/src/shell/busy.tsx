import { Box, Loader, type MantineSize } from '@mantine/core';
import { useText } from '../i18n/text.js';

interface Props {
  /** What is on its way; as a whole unless it is named */
  readonly label?: string;
  readonly size?: MantineSize;
}

/** While a part of a page is on its way. */
export function Busy({ label, size = 'sm' }: Props) {
  const { t } = useText();
  return (
    <Box role="status" aria-label={label ?? t('word.loading')} py={4}>
      <Loader size={size} />
    </Box>
  );
}
