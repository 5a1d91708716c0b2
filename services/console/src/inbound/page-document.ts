import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { WebPage } from '../domain/web-page.js';
import { pagePolicy } from './security-headers.js';

/** The one document that every place of the page begins with. */
@Injectable()
export class PageDocument {
  constructor(private readonly page: WebPage) {}

  /** With a nonce of its own for the styles that its scripts make. */
  send(reply: FastifyReply): void {
    const nonce = randomBytes(16).toString('base64url');
    void reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-security-policy', pagePolicy(nonce))
      .send(this.page.index(nonce));
  }
}
