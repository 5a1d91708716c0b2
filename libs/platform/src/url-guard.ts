import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address that nothing of ours is to ask: private, loopback, link-local, or of no single host of the internet. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
}

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
const documentation = ipaddr.IPv6.parseCIDR('3fff::/20');

/**
 * Whether an address is that of a host of the public internet; one that embeds another address (NAT64, 6to4, Teredo) is not,
 * but for IPv4 in the clothes of IPv6, which is what it is without them.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed instanceof ipaddr.IPv4) return true;
  return parsed.zoneId === undefined && parsed.match(globalUnicast) && !parsed.match(documentation);
}

/** Resolves a name to all of its addresses; that of node:dns is one. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * For `lookup` of `http.request`: resolves and refuses a name of which any address is not allowed, so that what was checked is
 * what is connected to. A host that is an address is never looked up: {@link assertPublicAddress} first.
 */
export const pinnedLookupBy =
  (resolve: Resolve, isAllowed: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '');
      const forbidden = addresses.find(({ address }) => !isAllowed(address));
      if (forbidden) return callback(refusal(hostname, forbidden.address), '');
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      return first
        ? callback(null, first.address, first.family)
        : callback(new Error(`${hostname} has no address`), '');
    });
  };

/** As resolved by the system, and public. */
export const pinnedLookup: LookupFunction = pinnedLookupBy(lookup, isPublicAddress);

/** @throws ForbiddenAddress for a URL whose host is, or resolves to, an address that is not public; the resolver's error */
export async function assertPublicAddress(url: URL, lookUp: LookupFunction = pinnedLookup): Promise<void> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0) {
    if (!isPublicAddress(host)) throw refusal(host, host);
    return;
  }
  await new Promise<void>((resolve, reject) => {
    lookUp(host, { all: true }, (error) => (error ? reject(error) : resolve()));
  });
}

const refusal = (host: string, address: string): ForbiddenAddress =>
  new ForbiddenAddress(
    `${host}${host === address ? '' : ` is ${address}, which`} is not an address of the public internet.`,
  );
