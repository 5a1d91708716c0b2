import { useSuspenseQuery } from '@tanstack/react-query';
import { own, setCsrf } from './client.js';

export type Role = 'agent' | 'manager' | 'admin';

/** Who is signed in. */
export interface SignedIn {
  readonly subject: string;
  readonly name?: string;
  readonly roles: readonly Role[];
  readonly teams: readonly string[];
  /** Where connectors find ingestion */
  readonly ingestionUrl: string;
}

const sessionQuery = {
  queryKey: ['session'],
  queryFn: async (): Promise<SignedIn> => {
    const { csrf, ...who } = await own.get<SignedIn & { csrf: string }>('session');
    setCsrf(csrf);
    return who;
  },
  // also renews the cookie before it ends
  staleTime: 5 * 60_000,
};

export const useSession = (): SignedIn => useSuspenseQuery(sessionQuery).data;

/** Whether somebody has one of these roles; of none: anybody. */
export const hasRole = ({ roles }: SignedIn, wanted: readonly Role[]): boolean =>
  wanted.length === 0 || wanted.some((role) => roles.includes(role));

/** Managers and admins see all teams. */
export const seesAll = (session: SignedIn): boolean => hasRole(session, ['manager', 'admin']);

/** Ends the session, here and at the issuer where that has a place for it. */
export async function signOut(): Promise<void> {
  const { next } = await own.post<{ next: string }>('sign-out');
  window.location.assign(next);
}
