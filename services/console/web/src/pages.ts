import {
  IconActivity,
  IconBulb,
  IconChartLine,
  IconInbox,
  IconPlugConnected,
  IconRoute,
  IconTags,
  IconTool,
  type Icon,
} from '@tabler/icons-react';
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import { type ParseKeys } from 'i18next';
import { type Role } from './api/session.js';

/** A place of the console. */
export interface Page {
  /** As the router reads it: `/inbox/:loopId?` */
  readonly path: string;
  /** Fetched when it is gone to; its module exports it as default */
  readonly component: LazyExoticComponent<ComponentType>;
  /** Who may go there; empty: everybody who is signed in */
  readonly roles: readonly Role[];
  /** In the navigation, in this order; a page without it is reached from others */
  readonly navigation?: { readonly href: string; readonly label: ParseKeys; readonly icon: Icon };
}

export const pages: readonly Page[] = [
  {
    path: '/inbox/:loopId?',
    component: lazy(() => import('./inbox/inbox.page.js')),
    roles: [],
    navigation: { href: '/inbox', label: 'shell.navigation.inbox', icon: IconInbox },
  },
  {
    path: '/overview/:tab?',
    component: lazy(() => import('./overview/overview.page.js')),
    roles: ['manager', 'admin'],
    navigation: { href: '/overview', label: 'pages.overview', icon: IconChartLine },
  },
  {
    path: '/insights/:insightId?',
    component: lazy(() => import('./insights/insights.page.js')),
    roles: [],
    navigation: { href: '/insights', label: 'pages.insights', icon: IconBulb },
  },
  { path: '/ownership', component: lazy(() => import('./insights/ownership.page.js')), roles: [] },
  {
    path: '/improvements/:improvementId?',
    component: lazy(() => import('./improvements/improvements.page.js')),
    roles: [],
    navigation: { href: '/improvements', label: 'pages.improvements', icon: IconTool },
  },
  {
    path: '/tags/:feedbackId?',
    component: lazy(() => import('./tags/tags.page.js')),
    roles: [],
    navigation: { href: '/tags', label: 'pages.tags', icon: IconTags },
  },
  {
    path: '/rules/:id?',
    component: lazy(() => import('./rules/rules.page.js')),
    roles: ['manager', 'admin'],
    navigation: { href: '/rules', label: 'pages.rules', icon: IconRoute },
  },
  {
    path: '/operations/:tab?/:id?',
    component: lazy(() => import('./operations/operations.page.js')),
    roles: ['manager', 'admin'],
    navigation: { href: '/operations', label: 'pages.operations', icon: IconActivity },
  },
  { path: '/customers/:customerKey', component: lazy(() => import('./customers/customer.page.js')), roles: [] },
  {
    path: '/welcome',
    component: lazy(() => import('./welcome/welcome.page.js')),
    roles: [],
    navigation: { href: '/welcome', label: 'shell.navigation.welcome', icon: IconPlugConnected },
  },
];
