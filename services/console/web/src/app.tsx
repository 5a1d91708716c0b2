import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { isWorthRetrying } from './api/client.js';
import { Failure } from './shell/failure.js';
import { nonce } from './shell/nonce.js';
import { Shell } from './shell/shell.js';
import { Waiting } from './shell/waiting.js';
import { theme, themeVariables } from './theme.js';

const SignIn = lazy(() => import('./sign-in/sign-in.page.js'));

const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: isWorthRetrying, staleTime: 10_000, refetchOnWindowFocus: true } },
});

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={themeVariables}
      defaultColorScheme="auto"
      getStyleNonce={nonce}
    >
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queryClient}>
        <Failure>
          <Suspense fallback={<Waiting />}>
            <Switch>
              <Route path="/sign-in">
                <SignIn />
              </Route>
              <Route>
                <Shell />
              </Route>
            </Switch>
          </Suspense>
        </Failure>
      </QueryClientProvider>
    </MantineProvider>
  );
}
