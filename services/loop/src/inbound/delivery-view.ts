import { type Delivery } from '../domain/delivery.js';
import { type Endpoint } from '../domain/endpoint.js';
import { type Person } from '../domain/permission.js';

/** An endpoint as it is shown; to those who may not change it without its secrets. */
export function endpointView(endpoint: Endpoint, { roles }: Person) {
  if (roles.includes('manager') || roles.includes('admin')) return endpoint;
  const { secrets: _secrets, ...shown } = endpoint;
  return shown;
}

export function deliveryView({ attempts, log, about, loopId, ...delivery }: Delivery) {
  return {
    ...(about === 'loop' ? { loopId } : { insightId: loopId }),
    ...{ ...delivery, attemptCount: attempts, attempts: log },
  };
}
