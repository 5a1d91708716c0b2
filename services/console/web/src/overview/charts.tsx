import { SimpleGrid } from '@mantine/core';
import { type ReactNode } from 'react';

/** Charts beside each other where there is room. */
export const Charts = ({ children }: { readonly children: ReactNode }) => (
  <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
    {children}
  </SimpleGrid>
);
