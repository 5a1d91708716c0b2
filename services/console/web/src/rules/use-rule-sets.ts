import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.js';
import { type RuleSetHeading } from './rule-sets.js';

/** All rule sets, drafts too. */
export const useRuleSets = () =>
  useQuery({
    queryKey: ['rule-sets'],
    queryFn: ({ signal }) => api.get<{ items: readonly RuleSetHeading[] }>('routing', '/v1/rule-sets', { signal }),
  });
