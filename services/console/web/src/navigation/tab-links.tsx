import { ScrollArea } from '@mantine/core';
import { Link, useLocation, useSearch } from 'wouter';

interface Props {
  readonly label: string;
  readonly items: readonly { readonly to: string; readonly label: string }[];
}

/** Pages beside each other; what the address says of days and filters goes along. */
export function TabLinks({ label, items }: Props) {
  const [path] = useLocation();
  const search = useSearch();
  const isIn = (to: string) => path === to || path.startsWith(`${to}/`);
  // the first tab's address begins those of the others
  const current = items
    .map(({ to }) => to)
    .filter(isIn)
    .toSorted((a, b) => b.length - a.length)[0];
  return (
    <ScrollArea type="never" className="no-print">
      <nav aria-label={label} className="tab-links">
        {items.map(({ to, label: text }) => (
          <Link
            key={to}
            href={to + (search && `?${search}`)}
            className="tab-link"
            aria-current={to === current ? 'page' : undefined}
          >
            {text}
          </Link>
        ))}
      </nav>
    </ScrollArea>
  );
}
