import { type DataSource } from 'typeorm';

const bells = new WeakMap<DataSource, () => void>();

/** What is to be called when deliveries were written through a database, before they are committed. */
export const hangBell = (dataSource: DataSource, ring: () => void): void => void bells.set(dataSource, ring);

export const ringBell = (dataSource: DataSource): void => bells.get(dataSource)?.();
