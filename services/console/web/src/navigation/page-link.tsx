import { Anchor } from '@mantine/core';
import { type ReactNode } from 'react';
import { Link } from 'wouter';

interface Props {
  readonly href: string;
  readonly children: ReactNode;
  /** Of a list's entry: it stands out */
  readonly strong?: boolean;
}

/** To another page of the console. */
export const PageLink = ({ href, children, strong = false }: Props) => (
  <Anchor component={Link} href={href} size="sm" fw={strong ? 600 : undefined} className="wrap">
    {children}
  </Anchor>
);
