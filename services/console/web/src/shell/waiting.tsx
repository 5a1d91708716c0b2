import { Center, Loader } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** While a page, or what it needs, is on the way. */
export function Waiting() {
  const { t } = useTranslation();
  return (
    <Center mih={160} role="status" aria-label={t('shell.loading')}>
      <Loader size="sm" />
    </Center>
  );
}
