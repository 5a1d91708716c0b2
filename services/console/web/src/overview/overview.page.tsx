import '../pages.css';
import { Alert, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { type ReactNode } from 'react';
import { useText } from '../i18n/text.js';
import { DrillProvider } from '../metrics/drill.js';
import { CohortPanel, ListPanel, TimePanel } from '../metrics/panels.js';
import { Tile } from '../metrics/tile.js';
import { untilNow, type Asked } from '../metrics/view-state.js';
import { useParams } from 'wouter';
import { TabLinks } from '../navigation/tab-links.js';
import { PageLink } from '../navigation/page-link.js';
import { ChannelsView } from './channels-view.js';
import { Charts } from './charts.js';
import { DriversView } from './drivers-view.js';
import { EmergingList, EmergingView } from './emerging-view.js';
import { HeatView } from './heat-view.js';
import { ImprovementsView } from './improvements-view.js';
import { JourneyView } from './journey-view.js';
import { OpenedLater } from './opened-later.js';
import { TeamsView } from './teams-view.js';
import { useView, type View } from './view.js';
import { ViewBar } from './view-bar.js';

const tabs = [
  ...['summary', 'loops', 'scores', 'topics', 'drivers', 'emerging'],
  ...['journey', 'teams', 'channels', 'improvements'],
] as const;
type Tab = (typeof tabs)[number];

const views: Readonly<Record<Tab, (props: { view: View }) => ReactNode>> = {
  summary: SummaryView,
  loops: LoopsView,
  scores: ScoresView,
  topics: HeatView,
  drivers: DriversView,
  emerging: EmergingView,
  journey: JourneyView,
  teams: TeamsView,
  channels: ChannelsView,
  improvements: ImprovementsView,
};

/** What a manager opens in the morning: whether loops close, what moves the scores, what is new, and what was done about it. */
export default function OverviewPage() {
  const { t } = useText();
  const { tab: asked } = useParams<{ tab?: string }>();
  const view = useView();
  const tab = tabs.find((name) => name === asked) ?? 'summary';
  const Shown = views[tab];
  return (
    <DrillProvider>
      <Stack gap="md" p="md">
        <Title order={1}>{t('overview.title')}</Title>
        <ViewBar view={view} comparable={tab === 'scores' || tab === 'loops'} />
        <TabLinks
          label={t('overview.title')}
          items={tabs.map((name) => ({
            to: name === 'summary' ? '/overview' : `/overview/${name}`,
            label: t(`overview.tab.${name}`),
          }))}
        />
        {view.empty ? (
          <Alert color="blue" title={t('overview.emptyTitle')}>
            <Text size="sm">{t('overview.empty')}</Text>
            <PageLink href="/welcome">{t('overview.emptyLink')}</PageLink>
          </Alert>
        ) : (
          <Shown view={view} />
        )}
      </Stack>
    </DrillProvider>
  );
}

const Tiles = ({ children }: { readonly children: ReactNode }) => (
  <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm">
    {children}
  </SimpleGrid>
);

/** Of all loops that are open now, whenever they were opened */
const standing = (asked: Asked | undefined): Asked | undefined =>
  asked && untilNow(asked, new Date().toISOString().slice(0, 10));

const onClock = (asked: Asked | undefined, clock: 'customer' | 'business'): Asked | undefined =>
  asked && { ...asked, clock };

function SummaryView({ view }: { readonly view: View }) {
  const { t } = useText();
  const { base, grain } = view;
  const overTime = base && { ...base, grain };
  return (
    <Stack gap="md">
      <OpenedLater view={view} standing={standing(base)} />
      <Tiles>
        <Tile metric="volume" asked={base} />
        <Tile metric="closure-rate" asked={base} />
        <Tile metric="verified-closure-rate" asked={base} />
        <Tile metric="negative-share" asked={base} />
        <Tile metric="backlog" asked={standing(base)} title={t('overview.backlogNow')} now />
        <Tile metric="first-response-time" asked={base} />
        <Tile metric="sla-attainment" asked={base} />
        <Tile metric="nps" asked={base} />
        <Tile metric="csat" asked={base} />
        <Tile metric="rating" asked={base} />
      </Tiles>
      <EmergingList most={3} title={t('overview.new')} period={view.period} />
      <Charts>
        <TimePanel metric="volume" asked={overTime} />
        <TimePanel metric="negative-share" asked={overTime} />
        <CohortPanel asked={base} />
        <ListPanel metric="volume" asked={base} by="topic" most={10} title={t('overview.topics')} />
      </Charts>
    </Stack>
  );
}

function LoopsView({ view }: { readonly view: View }) {
  const { t } = useText();
  const { base, grain, state } = view;
  const overTime = base && { ...base, grain, ...(state.compare !== undefined && { by: [state.compare] }) };
  return (
    <Stack gap="md">
      <OpenedLater view={view} standing={standing(base)} />
      <Tiles>
        <Tile metric="closure-rate" asked={base} />
        <Tile metric="verified-closure-rate" asked={base} />
        <Tile metric="reopen-rate" asked={base} />
        <Tile metric="fcr" asked={base} />
        <Tile metric="backlog" asked={standing(base)} title={t('overview.backlogNow')} now />
        <Tile metric="first-response-time" asked={onClock(base, 'customer')} title={t('overview.firstCustomer')} />
        <Tile metric="first-response-time" asked={onClock(base, 'business')} title={t('overview.firstBusiness')} />
        <Tile metric="time-to-close" asked={base} />
        <Tile metric="sla-attainment" asked={onClock(base, 'customer')} title={t('overview.slaCustomer')} />
        <Tile metric="sla-attainment" asked={onClock(base, 'business')} title={t('overview.slaBusiness')} />
        <Tile metric="insights-answered" asked={base} />
        <Tile metric="insight-lead-time" asked={base} />
      </Tiles>
      <Charts>
        <CohortPanel asked={base} />
        <ListPanel metric="backlog" asked={standing(base)} by="age" order="given" title={t('overview.backlog')} />
        <ListPanel
          metric="sla-attainment"
          asked={onClock(base, 'customer')}
          by="priority"
          order="given"
          title={t('overview.slaCustomer')}
        />
        <ListPanel
          metric="sla-attainment"
          asked={onClock(base, 'business')}
          by="priority"
          order="given"
          title={t('overview.slaBusiness')}
        />
        <TimePanel metric="closure-rate" asked={overTime} />
        <TimePanel metric="verified-closure-rate" asked={overTime} />
        <TimePanel metric="first-response-time" asked={overTime} />
        <TimePanel metric="time-to-close" asked={overTime} />
      </Charts>
    </Stack>
  );
}

function ScoresView({ view }: { readonly view: View }) {
  const { t } = useText();
  const { base, grain, state } = view;
  const overTime = base && { ...base, grain, ...(state.compare !== undefined && { by: [state.compare] }) };
  return (
    <Stack gap="md">
      <Tiles>
        {['nps', 'csat', 'ces', 'ces-top', 'rating', 'rating-top', 'negative-share'].map((metric) => (
          <Tile key={metric} metric={metric} asked={base} />
        ))}
      </Tiles>
      <Text size="sm" c="dimmed">
        {t('scores.note')}
      </Text>
      <Charts>
        {['nps', 'csat', 'ces', 'rating', 'rating-top', 'negative-share'].map((metric) => (
          <TimePanel key={metric} metric={metric} asked={overTime} />
        ))}
      </Charts>
    </Stack>
  );
}
