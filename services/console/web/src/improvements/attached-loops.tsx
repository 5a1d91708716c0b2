import { Button, Card, Stack, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { api } from '../api/client.js';
import { formatNumber } from '../i18n/format.js';
import { useText } from '../i18n/text.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { type Improvement } from './improvements.js';

const pageSize = 20;

/** The loops whose customers are told when it is done. */
export function AttachedLoops({
  improvement: { improvementId, version, loops },
}: {
  readonly improvement: Improvement;
}) {
  const { t, locale } = useText();
  const found = useInfiniteQuery({
    // attaching some makes another version of it
    queryKey: ['improvement', improvementId, 'loops', version],
    queryFn: ({ pageParam, signal }) =>
      api.get<{ items: readonly { readonly loopId: string }[]; cursor?: string }>(
        'insights',
        `/v1/improvements/${improvementId}/loops?limit=${pageSize}${pageParam && `&cursor=${pageParam}`}`,
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: ({ cursor }) => cursor,
  });
  return (
    <Card withBorder padding="md">
      <Title order={2} size="h3" mb="xs">
        {t('improvement.loops', { count: loops ?? 0, shown: formatNumber(loops ?? 0, locale) })}
      </Title>
      {found.isPending && <Busy />}
      {found.error && <ProblemAlert error={found.error} />}
      <Stack gap={2} align="start">
        {found.data?.pages
          .flatMap(({ items }) => items)
          .map(({ loopId }) => (
            <PageLink key={loopId} href={`/inbox/${loopId}`}>
              {loopId}
            </PageLink>
          ))}
        {found.hasNextPage && (
          <Button
            variant="default"
            size="compact-sm"
            loading={found.isFetchingNextPage}
            onClick={() => void found.fetchNextPage()}
          >
            {t('word.more')}
          </Button>
        )}
      </Stack>
    </Card>
  );
}
