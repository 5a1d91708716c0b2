import { createHash } from 'node:crypto';
import { deriveId } from '@closeloop/contracts';

/** A step of a loop for one endpoint. */
export interface Addressed {
  readonly endpointId: string;
  readonly loopId: string;
  readonly version: number;
}

/** Of a delivery, as the loop service derives it. */
export function deliveryIdOf({ endpointId, loopId, version }: Addressed): string {
  const digest = createHash('sha256').update(`${endpointId}/${loopId}/${version}`).digest('hex');
  return digest.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** As the loop service derives it: one for each cycle of a loop. */
export const followUpIdOf = (loopId: string, cycle: number): string => deriveId('follow-up', loopId, String(cycle));
