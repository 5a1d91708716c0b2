import { ActionIcon, Menu, Text, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { IconCheck, IconUserCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { signOut, type SignedIn } from '../api/session.js';
import { speak } from '../i18n/i18n.js';
import { languages } from '../i18n/languages.js';

const schemes: readonly MantineColorScheme[] = ['auto', 'light', 'dark'];
/** A language is offered in its own words. */
const languageNames = { en: 'English', de: 'Deutsch' } as const;

/** Who is signed in, what the page looks like, and the way out. */
export function AccountMenu({ session }: { readonly session: SignedIn }) {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const checked = (is: boolean) => (is ? <IconCheck size={14} aria-hidden /> : undefined);
  return (
    <Menu position="bottom-end" width={240} shadow="md" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('shell.account.label')}>
          <IconUserCircle size={22} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)" truncate title={session.subject}>
            {session.name ?? session.subject}
          </Text>
          <Text size="xs" lineClamp={2}>
            {[...session.roles.map((role) => t(`shell.roles.${role}`)), ...session.teams].join(' · ')}
          </Text>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Label>{t('shell.account.appearance')}</Menu.Label>
        {schemes.map((scheme) => (
          <Menu.Item
            key={scheme}
            role="menuitemradio"
            aria-checked={colorScheme === scheme}
            rightSection={checked(colorScheme === scheme)}
            onClick={() => setColorScheme(scheme)}
          >
            {t(`shell.account.scheme.${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t('shell.account.language')}</Menu.Label>
        {languages.map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            role="menuitemradio"
            aria-checked={i18n.language === language}
            rightSection={checked(i18n.language === language)}
            onClick={() => void speak(language)}
          >
            {languageNames[language]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut()}>{t('shell.account.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
