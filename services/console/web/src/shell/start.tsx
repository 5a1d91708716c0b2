import { useSuspenseQuery } from '@tanstack/react-query';
import { Redirect } from 'wouter';
import { api } from '../api/client.js';
import { type Counts } from '../api/loops.js';
import { hasRole, seesAll, useSession } from '../api/session.js';
import { pages } from '../pages.js';

/** Where one begins: with nothing there yet, at how to send something; else at one's own work. */
export function Start() {
  const session = useSession();
  const { data } = useSuspenseQuery({
    queryKey: ['loop', 'counts'],
    queryFn: ({ signal }) => api.get<Counts>('loop', '/v1/loops/counts', { signal }),
  });
  if (data.total === 0 && seesAll(session)) return <Redirect to="/welcome" replace />;
  const first = pages.find(({ navigation, roles }) => navigation && roles.length > 0 && hasRole(session, roles));
  return <Redirect to={seesAll(session) && first?.navigation ? first.navigation.href : '/inbox'} replace />;
}
