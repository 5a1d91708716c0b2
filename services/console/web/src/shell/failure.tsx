import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { QueryErrorResetBoundary } from '@tanstack/react-query';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../api/problem.js';

interface Properties {
  readonly children: ReactNode;
  /** Another one starts afresh: the page, whatever of it is looked at */
  readonly of?: string;
}

/** Shows what went wrong in place of what could not be shown; the rest of the page stays. */
export function Failure({ children, of = '' }: Properties) {
  return (
    <QueryErrorResetBoundary>
      {({ reset }) => (
        <Boundary key={of} onReset={reset}>
          {children}
        </Boundary>
      )}
    </QueryErrorResetBoundary>
  );
}

class Boundary extends Component<{ children: ReactNode; onReset: () => void }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <ProblemAlert
        error={error}
        onAgain={() => {
          this.props.onReset();
          this.setState({ error: undefined });
        }}
      />
    );
  }
}

/** What a service or the page itself says of a failure. */
export function ProblemAlert({ error, onAgain }: { readonly error: Error; readonly onAgain?: () => void }) {
  const { t } = useTranslation();
  const title =
    error instanceof ApiProblem
      ? error.isPassing
        ? t('shell.problem.away')
        : error.status === 403
          ? t('shell.problem.forbidden')
          : error.status === 404
            ? t('shell.problem.notFound')
            : t('shell.problem.refused')
      : t('shell.problem.page');
  return (
    <Alert
      color="red"
      variant="light"
      title={title}
      icon={<IconAlertTriangle size={18} aria-hidden />}
      m="md"
      role="alert"
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error.message}</Text>
        {error instanceof ApiProblem &&
          error.errors.map(({ pointer, message }) => (
            <Text size="sm" key={`${pointer} ${message}`}>
              {pointer} {message}
            </Text>
          ))}
        {onAgain && (
          <Button size="xs" variant="default" onClick={onAgain}>
            {t('shell.again')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
