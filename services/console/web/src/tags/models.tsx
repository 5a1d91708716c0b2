import { Alert, Badge, Button, Card, Group, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../api/client.js';
import { ProblemAlert } from '../shell/failure.js';
import { useText } from '../i18n/text.js';
import { formatNumber, formatInstant } from '../i18n/format.js';
import { formatValue } from '../metrics/format.js';

interface PairedTest {
  readonly n: number;
  readonly rightBefore: number;
  readonly rightAfter: number;
  readonly p: number;
}

interface ModelList {
  readonly shipped: string;
  readonly active: { readonly version: string; readonly name: string };
  readonly models: readonly {
    readonly version: string;
    readonly name: string;
    readonly madeAt: string;
    readonly corrections: number;
    readonly trials: Readonly<Record<string, { readonly heldBack: PairedTest; readonly better: boolean }>>;
  }[];
}

/** The models that were learned from what people have said, and how they were tried. */
export function Models() {
  const { t, has, locale } = useText();
  const queries = useQueryClient();
  const { data, error } = useQuery({
    queryKey: ['models'],
    queryFn: ({ signal }) => api.get<ModelList>('learning', '/v1/models', { signal }),
  });
  const learn = useMutation({
    mutationFn: () =>
      api.post<{ version?: string; activated: boolean; corrections: number }>('learning', '/v1/models/learn'),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['models'] }),
  });
  const share = ({ n }: PairedTest, right: number) => (n === 0 ? '–' : formatValue('share', right / n, locale));
  return (
    <Card withBorder padding="md" component="section">
      <Group justify="space-between">
        <Title order={2} size="h3">
          {t('models.title')}
        </Title>
        <Button variant="default" size="compact-sm" loading={learn.isPending} onClick={() => learn.mutate()}>
          {t('models.learn')}
        </Button>
      </Group>
      {error && <ProblemAlert error={error} />}
      {learn.error && <ProblemAlert error={learn.error} />}
      {learn.data && (
        <Alert color="blue">
          {learn.data.version === undefined
            ? t('models.nothing', { count: formatNumber(learn.data.corrections, locale) })
            : t(learn.data.activated ? 'models.activated' : 'models.kept', { version: learn.data.version })}
        </Alert>
      )}
      {data && (
        <Text size="sm" c="dimmed">
          {t('models.active', { name: data.active.name })}
        </Text>
      )}
      {data && data.models.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('models.none')}
        </Text>
      )}
      {data && data.models.length > 0 && (
        <Table.ScrollContainer minWidth={560}>
          <Table className="numbers">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('models.version')}</Table.Th>
                <Table.Th>{t('models.made')}</Table.Th>
                <Table.Th ta="right">{t('models.corrections')}</Table.Th>
                <Table.Th>{t('models.trials')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.models.map(({ version, madeAt, corrections, trials }) => (
                <Table.Tr key={version}>
                  <Table.Td>
                    {version} {version === data.active.version && <Badge>{t('models.is')}</Badge>}
                  </Table.Td>
                  <Table.Td>{formatInstant(new Date(madeAt), locale)}</Table.Td>
                  <Table.Td ta="right">{formatNumber(corrections, locale)}</Table.Td>
                  <Table.Td>
                    {Object.entries(trials).map(([part, { heldBack }]) => (
                      <div key={part}>
                        {has(`tags.${part}`) ? t(`tags.${part}`) : part}: {share(heldBack, heldBack.rightBefore)} →{' '}
                        {share(heldBack, heldBack.rightAfter)} · n {formatNumber(heldBack.n, locale)}
                      </div>
                    ))}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Card>
  );
}
