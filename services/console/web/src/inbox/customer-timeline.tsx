import { Anchor, Paper, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { api } from '../api/client.js';
import { useFormat } from '../i18n/use-format.js';
import classes from './inbox.module.css';

interface Customer {
  readonly customerKey: string;
  readonly timeline: readonly {
    readonly at: string;
    readonly kind: string;
    readonly channel?: string;
    readonly feedbackId?: string;
    readonly loopId?: string;
    readonly change?: string;
    readonly excerpt?: string;
    readonly sentiment?: string;
  }[];
}

interface Properties {
  readonly customerKey: string;
  /** The one that is looked at */
  readonly loopId: string;
}

/** What else this customer said and was answered, over all channels. Where insights is away, the rest of the page is there. */
export function CustomerTimeline({ customerKey, loopId }: Properties) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data, error } = useQuery({
    queryKey: ['insights', 'customer', customerKey],
    queryFn: ({ signal }) =>
      api.get<Customer>('insights', `/v1/customers/${encodeURIComponent(customerKey)}`, { signal }),
  });
  const others = data?.timeline.filter((entry) => entry.loopId !== loopId) ?? [];
  return (
    <Paper withBorder p="md" component="section">
      <Title order={3} mb="xs">
        {t('customer.title')}
      </Title>
      {error && (
        <Text size="sm" c="dimmed">
          {t('customer.away')}
        </Text>
      )}
      {data && others.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('customer.nothingElse')}
        </Text>
      )}
      <ol className={classes.timeline}>
        {others.map((entry) => (
          <li
            key={`${entry.at} ${entry.kind} ${entry.feedbackId ?? entry.loopId ?? ''}`}
            className={classes.event}
            data-of={entry.kind === 'feedback' ? 'customer' : 'agent'}
          >
            <Text size="sm">
              <time dateTime={entry.at} title={format.instant(entry.at)}>
                {format.day(entry.at)}
              </time>{' '}
              <Text span size="sm" c="dimmed">
                {[
                  t(`customer.kind.${entry.kind as 'feedback'}`, { defaultValue: entry.kind }),
                  ...(entry.channel === undefined
                    ? []
                    : [t(`loop.channel.${entry.channel as 'review'}`, { defaultValue: entry.channel })]),
                  ...(entry.change === undefined
                    ? []
                    : [t(`history.change.${entry.change as 'opened'}`, { defaultValue: entry.change })]),
                ].join(' · ')}
              </Text>
            </Text>
            {entry.excerpt !== undefined && (
              <Text size="sm" lineClamp={2}>
                {entry.excerpt}
              </Text>
            )}
            {entry.loopId !== undefined && (
              <Anchor component={Link} href={`/inbox/${entry.loopId}`} size="xs">
                {t('customer.open')}
              </Anchor>
            )}
          </li>
        ))}
      </ol>
    </Paper>
  );
}
