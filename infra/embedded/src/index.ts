export * from './local-issuer.js';
export * from './port.js';
