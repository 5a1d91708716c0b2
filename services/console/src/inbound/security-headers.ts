import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance } from 'fastify';
import { ConsoleConfig } from '../console.config.js';

/** Of the page: its own scripts, its own styles and those of the nonce, and nobody else's anything. */
export const pagePolicy = (nonce: string): string =>
  [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data: blob:`,
    `font-src 'self'`,
    `connect-src 'self'`,
    `manifest-src 'self'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
  ].join('; ');

/** Of everything else: data, which nothing is to come of in a browser. */
const dataPolicy = `default-src 'none'; frame-ancestors 'none'`;

const always = {
  'content-security-policy': dataPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** Headers of every answer. */
@Injectable()
export class SecurityHeaders {
  constructor(host: HttpAdapterHost, config: ConsoleConfig) {
    const headers = { ...always, ...(config.isSecure && { 'strict-transport-security': 'max-age=31536000' }) };
    host.httpAdapter.getInstance<FastifyInstance>().addHook('onRequest', (_request, reply, done) => {
      void reply.headers(headers);
      done();
    });
  }
}
