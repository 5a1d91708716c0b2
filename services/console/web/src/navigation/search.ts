import { useCallback } from 'react';
import { useLocation, useSearch as useSearchText } from 'wouter';

/** What the address says after `?`, and how to say something else; the page's place in the history is kept. */
export function useSearch(): readonly [URLSearchParams, (next: URLSearchParams) => void] {
  const text = useSearchText();
  const [path, navigate] = useLocation();
  const set = useCallback(
    (next: URLSearchParams) => {
      const search = next.toString();
      navigate(path + (search && `?${search}`), { replace: true });
    },
    [navigate, path],
  );
  return [new URLSearchParams(text), set];
}
