import { AppShell, Burger, Group, NavLink, ScrollArea, Text, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { hasRole, useSession } from '../api/session.js';
import { pages } from '../pages.js';
import { AccountMenu } from './account-menu.js';
import { Failure } from './failure.js';
import { Mark } from './mark.js';
import { NothingHere } from './nothing-here.js';
import { Start } from './start.js';
import { Waiting } from './waiting.js';

/** Navigation around the page at hand. */
export function Shell() {
  const { t } = useTranslation();
  const session = useSession();
  const [path] = useLocation();
  const [opened, { toggle, close }] = useDisclosure();
  const mine = pages.filter(({ roles }) => hasRole(session, roles));
  useEffect(close, [path, close]);
  const here = mine.find(
    ({ navigation: at }) => at && (path === at.href || path.startsWith(`${at.href}/`)),
  )?.navigation;
  const name = here && t(here.label);
  useEffect(() => {
    document.title = name === undefined ? 'Closeloop' : `${name} · Closeloop`;
  }, [name]);

  return (
    <>
      <a className="skip-link" href="#content">
        {t('shell.skip')}
      </a>
      <AppShell
        header={{ height: 48 }}
        navbar={{ width: 208, breakpoint: 'md', collapsed: { mobile: !opened } }}
        padding={0}
      >
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="xs" wrap="nowrap">
              <Burger
                opened={opened}
                onClick={toggle}
                hiddenFrom="md"
                size="sm"
                aria-label={t('shell.navigation.toggle')}
                aria-expanded={opened}
              />
              <Mark />
              <Text component="span" fw={600} size="sm">
                Closeloop
              </Text>
            </Group>
            <AccountMenu session={session} />
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs" aria-label={t('shell.navigation.label')}>
          <ScrollArea>
            {mine.map(
              ({ navigation }) =>
                navigation && (
                  <NavLink
                    key={navigation.href}
                    component={Link}
                    href={navigation.href}
                    label={t(navigation.label) as string}
                    leftSection={<navigation.icon size={18} stroke={1.6} aria-hidden />}
                    active={path === navigation.href || path.startsWith(`${navigation.href}/`)}
                    aria-current={path.startsWith(navigation.href) ? 'page' : undefined}
                  />
                ),
            )}
          </ScrollArea>
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1} style={{ outline: 'none' }}>
          <Failure of={path.split('/', 2).join('/')}>
            <Suspense fallback={<Waiting />}>
              <Switch>
                <Route path="/">
                  <Start />
                </Route>
                {mine.map(({ path: pattern, component: Page }) => (
                  <Route key={pattern} path={pattern}>
                    <Page />
                  </Route>
                ))}
                <Route path="/index.html">
                  <Redirect to="/" replace />
                </Route>
                <Route>
                  <NothingHere />
                </Route>
              </Switch>
            </Suspense>
          </Failure>
        </AppShell.Main>
      </AppShell>
      <VisuallyHidden role="status" aria-live="polite" id="announcements" />
    </>
  );
}
