import { createHmac, timingSafeEqual } from 'node:crypto';
import { isAddress, type Contact } from './follow-up.js';

/** What a link stands for. */
export interface LinkedFollowUp {
  readonly followUpId: string;
  /** Until when the link may be used; whole seconds */
  readonly expiresAt: Date;
}

const idBytes = 16;
const expiryBytes = 4;
const signatureBytes = 16;
const size = idBytes + expiryBytes + signatureBytes;
// a whole number of threes: every character counts, so that no two texts are the same token
const pattern = new RegExp(`^[\\w-]{${(size / 3) * 4}}$`);

const signatureOf = (content: Buffer, secret: Buffer): Buffer =>
  createHmac('sha256', secret).update('closeloop:follow-up-link').update(content).digest().subarray(0, signatureBytes);

/** The token of a link: id, expiry and the first half of their HMAC-SHA256, in base64url. */
export function tokenOf({ followUpId, expiresAt }: LinkedFollowUp, secret: Buffer): string {
  const content = Buffer.alloc(idBytes + expiryBytes);
  content.write(followUpId.replaceAll('-', ''), 'hex');
  content.writeUInt32BE(Math.floor(expiresAt.getTime() / 1000), idBytes);
  return Buffer.concat([content, signatureOf(content, secret)]).toString('base64url');
}

/** What a token stands for; undefined for one that was signed with none of these secrets. An expired one is told too. */
export function linkOf(token: string, secrets: readonly Buffer[]): LinkedFollowUp | undefined {
  if (!pattern.test(token)) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  const content = bytes.subarray(0, idBytes + expiryBytes);
  const signature = bytes.subarray(idBytes + expiryBytes);
  // all of them, so that the time does not tell which one
  const isOurs = secrets.map((secret) => timingSafeEqual(signature, signatureOf(content, secret))).includes(true);
  if (!isOurs) return undefined;
  const hex = content.toString('hex', 0, idBytes);
  return {
    followUpId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    expiresAt: new Date(content.readUInt32BE(idBytes) * 1000),
  };
}

/** The customer as loops know one, else by the address that would be written to, where a secret keeps that from being guessed. */
export function customerOf(
  customer: string | undefined,
  contacts: readonly Contact[],
  secret: Buffer | undefined,
): string | undefined {
  if (customer !== undefined) return customer;
  const email = contacts.find((contact) => contact.email !== undefined && isAddress(contact.email))?.email;
  return email === undefined || !secret ? undefined : mailCustomerOf(email, secret);
}

/** Key of a customer who is known by an address alone: it cannot be found by trying addresses without the secret. */
export function mailCustomerOf(email: string, secret: Buffer): string {
  const hex = createHmac('sha256', secret)
    .update('closeloop:follow-up-customer')
    .update(email.trim().toLowerCase())
    .digest('hex');
  // version 8: of an own making (RFC 9562)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
