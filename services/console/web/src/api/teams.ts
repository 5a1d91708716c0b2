import { useQuery } from '@tanstack/react-query';
import { api } from './client.js';

export interface Team {
  readonly name: string;
  readonly displayName: string;
}

/** All teams; none until they are known. */
export function useTeams(): readonly Team[] {
  const { data } = useQuery({
    queryKey: ['teams'],
    queryFn: ({ signal }) => api.get<{ items: readonly Team[] }>('routing', '/v1/teams', { signal }),
    staleTime: 60_000,
  });
  return data?.items ?? [];
}

/** What a team is called; its id until that is known. */
export function useTeamName(): (id: string) => string {
  const teams = useTeams();
  return (id) => teams.find(({ name }) => name === id)?.displayName ?? id;
}
